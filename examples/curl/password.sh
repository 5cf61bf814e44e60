#!/bin/sh
# The password grant (RFC 6749 §4.3), for an old application that cannot be changed: OAuth 2.1 has left it out, and grantor refuses it until it is switched on.
. "$(dirname "$0")/steps.sh"

create() {
    "$GRANTOR" client create --data "$DATA" --id old-app --name 'An old application' --secret old-app-secret \
        --grant password --scope 'openid notes.read' "$@"
}

step 'An application is not registered for it by mistake'
if create >"$work/made" 2>&1; then
    echo 'it was registered' >&2
    exit 1
fi
cat "$work/made"

step 'Somebody decides that it must be'
create --profile openid --allow-retired-grants 2>&1

step 'The application asks Alice for her password, and grantor for a token (§4.3.2)'
ask 200 "$ISSUER/token" --user old-app:old-app-secret --data grant_type=password \
    --data username=alice --data-urlencode password=correct-horse-battery --data scope=notes.read
token=$(field access_token)
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"

step 'A wrong password'
ask 400 "$ISSUER/token" --user old-app:old-app-secret --data grant_type=password \
    --data username=alice --data password=guess
equals error "$(field error)" invalid_grant
