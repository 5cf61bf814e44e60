#!/bin/sh
# Client-initiated backchannel authentication (OpenID Connect CIBA Core): an agent asks Alice for one act, wherever she is.
. "$(dirname "$0")/steps.sh"

"$GRANTOR" client create --data "$DATA" --id agent --name 'An agent' --secret agent-secret-of-the-walk \
    --grant urn:openid:params:grant-type:ciba --backchannel-delivery poll --scope 'openid notes.read' >"$work/made"

poll() {
    ask "$1" "$ISSUER/token" --user agent:agent-secret-of-the-walk \
        --data grant_type=urn:openid:params:grant-type:ciba --data "auth_req_id=$request"
}

step 'The agent asks, with a message that both sides show (§7.1)'
ask 200 "$ISSUER/bc-authorize" --user agent:agent-secret-of-the-walk --data 'scope=openid notes.read' \
    --data login_hint=alice --data-urlencode 'binding_message=Notes 42'
request=$(field auth_req_id)

step 'Nobody has answered (§11)'
poll 400
equals error "$(field error)" authorization_pending

step 'Alice looks at what waits for her, and approves'
ask 303 "$ISSUER/account/approvals"
sign_in "$ISSUER$(location)"
ask 200 "$ISSUER$(location)"
ask 303 "$ISSUER/account/approvals" --data-urlencode "approval=$(hidden approval)" --data decision=allow

step 'The agent asks again, and has its token (§10.1.1)'
sleep 5
poll 200
token=$(field access_token)
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"
