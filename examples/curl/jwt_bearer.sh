#!/bin/sh
# Somebody else's word: the JWT bearer grant (RFC 7523 §2.1), where a trusted issuer signs who a person is; and workload identity (RFC 7523 §2.2),
# where what it signs about a job is all that the job needs to be a client: there is no secret to lose.
. "$(dirname "$0")/steps.sh"

PARTNER=https://partner.example
openssl genrsa -out "$work/key.pem" 2048 2>/dev/null
# A key of 2048 bits in DER begins with nine bytes that are not its modulus (RFC 8017 appendix A.1.1).
modulus=$(openssl rsa -in "$work/key.pem" -RSAPublicKey_out -outform DER 2>/dev/null | tail -c +10 | head -c 256 | base64url)
printf '{"keys":[{"kty":"RSA","kid":"1","alg":"RS256","n":"%s","e":"AQAB"}]}' "$modulus" >"$work/keys.json"

# signed CLAIMS: what the partner signs, for five minutes, once; CLAIMS are members of a JSON object.
signed() {
    now=$(date +%s)
    head=$(printf '{"alg":"RS256","kid":"1","typ":"JWT"}' | base64url)
    claims=$(printf '{"iss":"%s","aud":"%s","iat":%s,"exp":%s,"jti":"%s",%s}' \
        "$PARTNER" "$ISSUER" "$now" $((now + 300)) "$(random)" "$1" | base64url)
    printf '%s.%s.' "$head" "$claims"
    printf '%s.%s' "$head" "$claims" | openssl dgst -sha256 -sign "$work/key.pem" | base64url
}

step 'The operator trusts the partner: it may say who people are, to one application'
"$GRANTOR" trust "$PARTNER" --data "$DATA" --if 'claims.department == "sales"' --person email=email \
    --for partner-app --scope notes.read --jwks "$work/keys.json"
"$GRANTOR" client create --data "$DATA" --id partner-app --name "The partner's application" --secret partner-app-secret \
    --grant urn:ietf:params:oauth:grant-type:jwt-bearer --scope notes.read >"$work/made"

assertion=$(signed '"sub":"17","email":"alice@example.org","email_verified":true,"department":"sales"')
step 'The application hands in what the partner says (§2.1)'
ask 200 "$ISSUER/token" --user partner-app:partner-app-secret \
    --data grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer --data "assertion=$assertion"
token=$(field access_token)
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"

step 'It counts once'
ask 400 "$ISSUER/token" --user partner-app:partner-app-secret \
    --data grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer --data "assertion=$assertion"
equals error "$(field error)" invalid_grant

step 'Somebody of another department is nobody here'
assertion=$(signed '"sub":"18","email":"alice@example.org","email_verified":true,"department":"support"')
ask 400 "$ISSUER/token" --user partner-app:partner-app-secret \
    --data grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer --data "assertion=$assertion"
equals error "$(field error)" invalid_grant

step 'The operator lets the jobs of the partner be a client'
"$GRANTOR" trust "$PARTNER" --data "$DATA" --if 'claims.job == "deploy"' --client deploy-job --scope notes.read \
    --jwks "$work/keys.json" 2>&1
# The running server has read what this issuer is trusted for, and sees within about a second that it was changed.
sleep 2

step 'A job authenticates with what the partner signs about it (§2.2)'
ask 200 "$ISSUER/token" --data grant_type=client_credentials --data scope=notes.read \
    --data client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
    --data "client_assertion=$(signed '"sub":"job 4711","job":"deploy"')"
token=$(field access_token)
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"
