#!/bin/sh
# Rich authorization requests (RFC 9396): an application asks for one act in particular, Alice reads it in words, and the token says just that.
. "$(dirname "$0")/steps.sh"

cat >"$work/payment.json" <<'TYPE'
{"type": "payment", "words": "Pay {euros} euros to {payee}", "schema": {
    "type": "object", "required": ["type", "euros", "payee"], "additionalProperties": false,
    "properties": {"type": {"const": "payment"}, "euros": {"type": "integer", "maximum": 1000}, "payee": {"type": "string"}}}}
TYPE
"$GRANTOR" resource create --data "$DATA" --id urn:demo:bank --name 'The bank' --details-type "$work/payment.json" >"$work/made"
"$GRANTOR" client create --data "$DATA" --id shop --name 'The shop' --secret shop-secret-of-the-walk --redirect-uri "$CALLBACK" \
    --scope openid --details-type payment --introspects urn:demo:bank >"$work/made"
details='[{"type":"payment","euros":10,"payee":"Merchant A"}]'

begin() {
    new_verifier
    ask "$1" "$ISSUER/par" --user shop:shop-secret-of-the-walk --data response_type=code --data-urlencode "redirect_uri=$CALLBACK" \
        --data "code_challenge=$challenge" --data code_challenge_method=S256 --data-urlencode "authorization_details=$2"
}

step 'The shop asks for one payment (§2)'
begin 201 "$details"
authorize client_id=shop "request_uri=$(field request_uri)"
ask 200 "$ISSUER/token" --user shop:shop-secret-of-the-walk --data grant_type=authorization_code \
    --data "code=$(parameter code)" --data-urlencode "redirect_uri=$CALLBACK" --data "code_verifier=$verifier"
token=$(field access_token)
equals 'granted (§7)' "$(field euros) euros to $(field payee)" '10 euros to Merchant A'

step 'The bank sees what it is for (§9.2)'
ask 200 "$ISSUER/introspect" --user shop:shop-secret-of-the-walk --data "token=$token"
equals 'to be paid' "$(field euros)" 10

step 'What the bank does not have is not asked about (§5)'
begin 400 '[{"type":"payment","euros":5000,"payee":"Merchant A"}]'
equals error "$(field error)" invalid_authorization_details
begin 400 '[{"type":"robbery"}]'
equals error "$(field error)" invalid_authorization_details
