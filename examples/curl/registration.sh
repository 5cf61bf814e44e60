#!/bin/sh
# Dynamic registration (RFC 7591) and its management (RFC 7592): an application makes itself known, changes what is known, and goes. The demo lets everybody.
. "$(dirname "$0")/steps.sh"

step 'An application registers itself (RFC 7591 §3.1)'
ask 201 "$ISSUER/register" --json "{\"client_name\":\"A new application\",\"redirect_uris\":[\"$CALLBACK\"],\"scope\":\"notes.read\",\"something_new\":1}"
id=$(field client_id)
secret=$(field client_secret)
management=$(field registration_client_uri)
access=$(field registration_access_token)
lacks something_new

step 'From then on it is a client as any other'
new_verifier
authorize response_type=code "client_id=$id" "redirect_uri=$CALLBACK" scope=notes.read \
    "code_challenge=$challenge" code_challenge_method=S256
ask 200 "$ISSUER/token" --user "$id:$secret" --data grant_type=authorization_code \
    --data "code=$(parameter code)" --data-urlencode "redirect_uri=$CALLBACK" --data "code_verifier=$verifier"
token=$(field access_token)
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"

step 'It reads what is known of it (RFC 7592 §2.1)'
ask 200 "$management" --header "Authorization: Bearer $access"
equals client_name "$(field client_name)" 'A new application'

step 'It states everything anew (§2.2)'
ask 200 "$management" --request PUT --header "Authorization: Bearer $access" \
    --json "{\"client_id\":\"$id\",\"client_name\":\"A renamed application\",\"redirect_uris\":[\"$CALLBACK\"],\"scope\":\"notes.read\"}"
equals client_name "$(field client_name)" 'A renamed application'

step 'What cannot be registered is refused by its name (RFC 7591 §3.2.2)'
ask 400 "$management" --request PUT --header "Authorization: Bearer $access" \
    --json "{\"client_id\":\"$id\",\"client_name\":\"A bad application\",\"redirect_uris\":[\"http://app.example/callback\"]}"
equals error "$(field error)" invalid_redirect_uri

step 'Nobody else does any of it'
ask 401 "$management" --header "Authorization: Bearer $(random)"
equals error "$(field error)" invalid_token

step 'It goes, and its tokens with it (RFC 7592 §2.3)'
ask 204 "$management" --request DELETE --header "Authorization: Bearer $access"
ask 401 "$management" --header "Authorization: Bearer $access"
ask 200 "$ISSUER/introspect" --user demo-service:demo-service-secret --data "token=$token"
equals active "$(field active)" false
