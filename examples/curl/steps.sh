# What the walks share: a step is said, asked with curl, shown, and its status checked. Sourced, not run.
#
#   ISSUER   where grantor is              [http://localhost:8080]
#   DATA     the demo's folder, in which some walks register a client [demo-data]
#   GRANTOR  the program                   [grantor]

set -eu
export LC_ALL=C
ISSUER=${ISSUER:-http://localhost:8080}
DATA=${DATA:-demo-data}
GRANTOR=${GRANTOR:-grantor}
CALLBACK=http://127.0.0.1/callback

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# step TEXT: what happens next, and where that is written down.
step() {
    printf '\n== %s\n' "$1"
}

# ask STATUS ARGUMENT…: curl with these arguments; shows the answer and ends the walk unless it has that status.
ask() {
    wanted=$1
    shift
    show "$@"
    status=$(curl --silent --show-error --noproxy '*' --max-time 30 \
        --cookie "$work/cookies" --cookie-jar "$work/cookies" \
        --dump-header "$work/head" --output "$work/body" --write-out '%{http_code}' "$@")
    head -n 1 "$work/head" | tr -d '\r'
    sed -n -e 's/\r$//' -e '/^[Ll]ocation:/p' -e '/^[Ww][Ww][Ww]-[Aa]uthenticate:/p' "$work/head"
    case $(sed -n 's/^[Cc]ontent-[Tt]ype: *//p' "$work/head") in
        *json*) cat "$work/body" && echo ;;
        *html*) sed -n 's|.*<h1[^>]*>\(.*\)</h1>.*|(a page: \1)|p' "$work/body" | sed 's/<[^>]*>//g' ;;
    esac
    if [ "$status" != "$wanted" ]; then
        echo "expected status $wanted" >&2
        exit 1
    fi
}

# The command as a person would type it.
show() {
    printf 'curl'
    for argument in "$@"; do
        case $argument in
            *[!A-Za-z0-9_./:=@-]*) printf " '%s'" "$argument" ;;
            *) printf ' %s' "$argument" ;;
        esac
    done
    printf '\n'
}

# field NAME: a member of the last JSON answer, a text or a number.
field() {
    value=$(sed -n 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p' "$work/body")
    if [ -z "$value" ]; then
        echo "no $1 in the answer" >&2
        exit 1
    fi
    printf '%s' "$value"
}

# lacks NAME: ends the walk if the last JSON answer has that member.
lacks() {
    if grep -q "\"$1\":" "$work/body"; then
        echo "unexpected $1 in the answer" >&2
        exit 1
    fi
}

# equals WHAT VALUE WANTED: ends the walk unless both are the same.
equals() {
    if [ "$2" != "$3" ]; then
        echo "$1 is $2, expected $3" >&2
        exit 1
    fi
    printf '%s: %s\n' "$1" "$2"
}

# base64url: of what it reads, without padding (RFC 7515 appendix C).
base64url() {
    openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# random: 32 random bytes as 43 characters.
random() {
    openssl rand 32 | base64url
}

# location: where the last answer redirects to.
location() {
    sed -n 's/^[Ll]ocation: *//p' "$work/head" | tr -d '\r'
}

# hidden NAME: the value of a hidden field of the last page.
hidden() {
    sed -n 's/.*<input type="hidden" name="'"$1"'" value="\([^"]*\)".*/\1/p' "$work/body" | head -n 1 |
        sed 's/&amp;/\&/g; s/&quot;/"/g; s/&#34;/"/g; s/&#39;/'"'"'/g; s/&lt;/</g; s/&gt;/>/g'
}

# parameter NAME: of the query or fragment of the last redirect.
parameter() {
    location | tr '?&#' '\n\n\n' | sed -n -e "s/^$1=//p" | sed -e 's/%3A/:/g' -e 's:%2F:/:g'
}

# new_verifier: makes $verifier and its $challenge (RFC 7636 §4.1, §4.2).
new_verifier() {
    verifier=$(random)
    challenge=$(printf '%s' "$verifier" | openssl dgst -sha256 -binary | base64url)
}

# authorize PARAMETER…: opens /authorize with these parameters, as Alice's browser does, and goes with it until it is sent back to the application:
# she signs in and consents where she is asked to.
authorize() {
    for parameter in "$@"; do
        set -- "$@" --data-urlencode "$parameter"
        shift
    done
    ask 303 --get "$ISSUER/authorize" "$@"
    for _ in 1 2 3 4 5 6 7 8; do
        to=$(location)
        case $to in
            "$CALLBACK"*) return ;;
            /*) to=$ISSUER$to ;;
        esac
        case $to in
            */login\?*) sign_in "$to" ;;
            */consent\?*) allow "$to" ;;
            *) ask 303 "$to" ;;
        esac
    done
    echo 'the browser was not sent back' >&2
    exit 1
}

# sign_in PAGE: opens the sign-in page and answers it as Alice.
sign_in() {
    step 'Alice signs in'
    ask 200 "$1"
    ask 303 "$ISSUER/login" --data-urlencode "interaction=$(hidden interaction)" \
        --data-urlencode username=alice --data-urlencode password=correct-horse-battery
}

# allow PAGE: opens the consent page and allows what is asked.
allow() {
    step 'She consents'
    ask 200 "$1"
    ask 303 "$ISSUER/consent" --data-urlencode "interaction=$(hidden interaction)" \
        --data-urlencode "scope=$(hidden scope)" --data-urlencode "person=$(hidden person)" \
        --data-urlencode decision=allow
}

# new_key NAME: a key for ES256, and its public part as a JWK in $work/NAME.jwk and as a JWK set in $work/NAME.keys.
new_key() {
    openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1.pem"
    # The point is the end of its DER: 32 bytes of x, 32 bytes of y.
    openssl ec -in "$work/$1.pem" -pubout -outform DER 2>/dev/null | tail -c 64 >"$work/$1.point"
    printf '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' "$(head -c 32 "$work/$1.point" | base64url)" \
        "$(tail -c 32 "$work/$1.point" | base64url)" >"$work/$1.jwk"
    sed 's/^{\(.*\)}$/{"keys":[{"kid":"1","alg":"ES256",\1}]}/' "$work/$1.jwk" >"$work/$1.keys"
}

# sign_jwt NAME HEADER CLAIMS: a JWT signed with the key of that name (ES256); both are members of a JSON object.
sign_jwt() {
    input=$(printf '{"alg":"ES256",%s}' "$2" | base64url).$(printf '{%s}' "$3" | base64url)
    # openssl writes a DER sequence of two numbers, JWS wants their 32 bytes each (RFC 7518 §3.4).
    numbers=$(printf '%s' "$input" | openssl dgst -sha256 -sign "$work/$1.pem" | openssl asn1parse -inform DER | sed -n 's/.*INTEGER *://p')
    for number in $numbers; do printf '%64s' "$number" | tr ' ' 0; done | fold -w 2 | while read -r byte || [ -n "$byte" ]; do
        # shellcheck disable=SC2059
        printf "\\$(printf '%03o' "0x$byte")"
    done >"$work/signature"
    printf '%s.%s' "$input" "$(base64url <"$work/signature")"
}
