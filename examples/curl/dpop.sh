#!/bin/sh
# Tokens that are worth nothing to a thief (RFC 9449): each request proves a key, and the token is bound to it.
. "$(dirname "$0")/steps.sh"

new_key app
new_key thief
"$GRANTOR" client create --data "$DATA" --id bound-service --name 'A service with a key' --secret bound-service-secret \
    --grant client_credentials --scope notes.read --dpop-bound >"$work/made"

# proof KEY METHOD URL [CLAIMS]: a proof of that key for one request (§4.2), with further claims.
proof() {
    sign_jwt "$1" "\"typ\":\"dpop+jwt\",\"jwk\":$(cat "$work/$1.jwk")" \
        "\"jti\":\"$(random)\",\"htm\":\"$2\",\"htu\":\"$3\",\"iat\":$(date +%s)${4:+,$4}"
}

ask_token() {
    status=$1
    shift
    ask "$status" "$ISSUER/token" --user bound-service:bound-service-secret \
        --data grant_type=client_credentials --data scope=notes.read "$@"
}

step 'Without a proof there is no token for this client'
ask_token 400
equals error "$(field error)" invalid_dpop_proof

step 'With one there is, bound to the key (§5, §6.1)'
proof=$(proof app POST "$ISSUER/token")
ask_token 200 --header "DPoP: $proof"
equals token_type "$(field token_type)" DPoP
token=$(field access_token)
thumbprint=$(openssl dgst -sha256 -binary <"$work/app.jwk" | base64url)
claims=$(printf '%s==' "$token" | cut -d . -f 2 | tr '_-' '/+')
while [ $((${#claims} % 4)) != 0 ]; do claims="$claims="; done
equals 'the key in the token' "$(printf '%s' "$claims" | openssl base64 -d -A | sed 's/.*"jkt":"\([^"]*\)".*/\1/')" "$thumbprint"

step 'A proof counts once (§11.1)'
ask_token 400 --header "DPoP: $proof"
equals error "$(field error)" invalid_dpop_proof

step 'The API wants a proof too, and the hash of the token in it (§7)'
hash="\"ath\":\"$(printf '%s' "$token" | openssl dgst -sha256 -binary | base64url)\""
ask 200 "$ISSUER/demo/notes" --header "Authorization: DPoP $token" --header "DPoP: $(proof app GET "$ISSUER/demo/notes" "$hash")"

step 'A thief has the token, and not the key'
ask 401 "$ISSUER/demo/notes" --header "Authorization: DPoP $token" --header "DPoP: $(proof thief GET "$ISSUER/demo/notes" "$hash")"
ask 401 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"
