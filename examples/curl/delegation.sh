#!/bin/sh
# Delegation (RFC 8693): Alice lets an application have a token with which one agent alone may act for her, and the token that the agent gets says who acts.
. "$(dirname "$0")/steps.sh"

EXCHANGE=urn:ietf:params:oauth:grant-type:token-exchange
TOKEN=urn:ietf:params:oauth:token-type:access_token
for agent in good-agent other-agent; do
    "$GRANTOR" client create --data "$DATA" --id "$agent" --name "The $agent" --secret "$agent-secret" --scope notes.read \
        --grant client_credentials --grant "$EXCHANGE" --exchange-from delegating-app >"$work/made"
done
"$GRANTOR" client create --data "$DATA" --id delegating-app --name 'An application with an agent' --secret delegating-app-secret \
    --redirect-uri "$CALLBACK" --scope notes.read --may-act good-agent >"$work/made"

new_verifier
step 'Alice lets the application read her notes; its token names who may act with it (§4.4)'
authorize response_type=code client_id=delegating-app "redirect_uri=$CALLBACK" scope=notes.read \
    "code_challenge=$challenge" code_challenge_method=S256
ask 200 "$ISSUER/token" --user delegating-app:delegating-app-secret --data grant_type=authorization_code \
    --data "code=$(parameter code)" --data-urlencode "redirect_uri=$CALLBACK" --data "code_verifier=$verifier"
subject=$(field access_token)

# exchange STATUS AGENT: this agent shows the token, and its own beside it (§2.1).
exchange() {
    ask 200 "$ISSUER/token" --user "$2:$2-secret" --data grant_type=client_credentials --data scope=notes.read
    actor=$(field access_token)
    ask "$1" "$ISSUER/token" --user "$2:$2-secret" --data "grant_type=$EXCHANGE" --data scope=notes.read \
        --data "subject_token=$subject" --data "subject_token_type=$TOKEN" --data "actor_token=$actor" --data "actor_token_type=$TOKEN"
}

step 'The agent shows it and a token of its own'
exchange 200 good-agent
token=$(field access_token)
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"

step 'Whose is the new one, and who acts? (§4.1)'
ask 200 "$ISSUER/introspect" --user demo-service:demo-service-secret --data "token=$token"
if ! grep -q '"act":{[^}]*"sub":"good-agent"' "$work/body"; then
    echo 'the token does not say who acts' >&2
    exit 1
fi

step 'Another agent may not, though the operator lets it exchange such tokens'
exchange 400 other-agent
equals error "$(field error)" invalid_request
