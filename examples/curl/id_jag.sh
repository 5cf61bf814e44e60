#!/bin/sh
# Identity assertion grants (ID-JAG, draft-ietf-oauth-identity-assertion-authz-grant): where people sign in once for all of a company's applications, one
# application reaches another without asking them again. This realm is the identity provider, and a second one of the same server is the other application's.
. "$(dirname "$0")/steps.sh"

EXCHANGE=urn:ietf:params:oauth:grant-type:token-exchange
CHAT=$ISSUER/realms/chat

step 'The chat has a server of its own, which believes what this one says about people'
ask 200 "$ISSUER/jwks"
cp "$work/body" "$work/idp.keys"
"$GRANTOR" realm create chat --data "$DATA" >"$work/made"
echo correct-horse-battery | "$GRANTOR" user create --data "$DATA" --realm chat --username alice.adams --email alice@example.org --email-verified --password-stdin >"$work/made"
"$GRANTOR" resource create --data "$DATA" --realm chat --id urn:demo:chat --name Chat --scope 'chat.read=Read your chats' >"$work/made"
"$GRANTOR" client create --data "$DATA" --realm chat --id wiki-at-chat --name 'The wiki' --secret wiki-at-chat-secret \
    --grant urn:ietf:params:oauth:grant-type:jwt-bearer --scope chat.read --introspects urn:demo:chat >"$work/made"
"$GRANTOR" trust "$ISSUER" --data "$DATA" --realm chat --if true --person email=email --for wiki-at-chat --scope chat.read \
    --jwks "$work/idp.keys"

step 'The wiki may say at the chat who its people are'
"$GRANTOR" client create --data "$DATA" --id wiki --name 'The wiki' --secret wiki-secret-of-the-walk --redirect-uri "$CALLBACK" \
    --grant authorization_code --grant "$EXCHANGE" --scope 'openid email' --id-token-alg ES256 \
    --id-jag "$CHAT=wiki-at-chat" --id-jag-scope "$CHAT=chat.read" >"$work/made"

new_verifier
step 'Alice signs in to the wiki'
authorize response_type=code client_id=wiki "redirect_uri=$CALLBACK" 'scope=openid email' \
    "code_challenge=$challenge" code_challenge_method=S256
ask 200 "$ISSUER/token" --user wiki:wiki-secret-of-the-walk --data grant_type=authorization_code \
    --data "code=$(parameter code)" --data-urlencode "redirect_uri=$CALLBACK" --data "code_verifier=$verifier"
id_token=$(field id_token)

assertion_for() {
    ask "$1" "$ISSUER/token" --user wiki:wiki-secret-of-the-walk --data "grant_type=$EXCHANGE" \
        --data requested_token_type=urn:ietf:params:oauth:token-type:id-jag --data "subject_token=$id_token" \
        --data subject_token_type=urn:ietf:params:oauth:token-type:id_token --data-urlencode "audience=$2" --data scope=chat.read
}

step 'The wiki gets an assertion about her for the chat (§4.3), and for nobody whom the operator did not name'
assertion_for 400 https://elsewhere.example
assertion_for 200 "$CHAT"
equals issued_token_type "$(field issued_token_type)" urn:ietf:params:oauth:token-type:id-jag
equals token_type "$(field token_type)" N_A
assertion=$(field access_token)

hand_in() {
    ask "$1" "$CHAT/token" --user wiki-at-chat:wiki-at-chat-secret \
        --data grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer --data "assertion=$2"
}

step 'The chat takes it for a token of its own (§4.4)'
hand_in 200 "$assertion"
equals scope "$(field scope)" chat.read
ask 200 "$CHAT/introspect" --user wiki-at-chat:wiki-at-chat-secret --data "token=$(field access_token)"
equals active "$(field active)" true

step 'It counts once, and an ID token is none'
hand_in 400 "$assertion"
equals error "$(field error)" invalid_grant
hand_in 400 "$id_token"
equals error "$(field error)" invalid_grant
