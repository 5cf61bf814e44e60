#!/bin/sh
# The device grant (RFC 8628): a television asks, Alice answers on her phone.
. "$(dirname "$0")/steps.sh"

poll() {
    ask "$1" "$ISSUER/token" --data client_id=demo-cli --data "device_code=$device_code" \
        --data grant_type=urn:ietf:params:oauth:grant-type:device_code
}

step 'The device asks for a code (§3.1)'
ask 200 "$ISSUER/device_authorization" --data client_id=demo-cli --data 'scope=notes.read'
device_code=$(field device_code)
user_code=$(field user_code)

step 'It shows the code, and asks whether Alice has answered (§3.4)'
poll 400
equals error "$(field error)" authorization_pending

step 'Alice types the code on her phone (§3.3)'
ask 303 "$ISSUER/device" --data-urlencode "user_code=$user_code"
to=$(location)
case $to in
    */login\?*)
        sign_in "$ISSUER$to"
        to=$(location)
        ;;
esac
ask 200 "$ISSUER$to"
ask 200 "$ISSUER/device/continue" --data-urlencode "interaction=$(hidden interaction)" --data decision=allow

step 'The device asks again, and has its token (§3.5)'
sleep 5
poll 200
token=$(field access_token)
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"
