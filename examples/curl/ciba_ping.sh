#!/bin/sh
# CIBA in the mode ping (OpenID Connect CIBA Core §10.2): the server calls the agent when Alice has decided, so that it need not ask again and again.
. "$(dirname "$0")/steps.sh"

# The agent's own address: a few lines of Perl that take one call, write it down and answer 204.
perl -MIO::Socket::INET -e '
    my $listener = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die;
    open my $port, ">", "$ARGV[0].new" or die; print $port $listener->sockport; close $port; rename "$ARGV[0].new", $ARGV[0];
    alarm 60;
    my $call = $listener->accept or die;
    my ($head, $body) = ("", "");
    while (my $line = <$call>) { last if $line =~ /^\r?\n$/; $head .= $line }
    read $call, $body, $1 if $head =~ /^content-length: *(\d+)/im;
    print $call "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    open my $heard, ">", "$ARGV[1].new" or die; print $heard $head, "\n", $body; close $heard; rename "$ARGV[1].new", $ARGV[1];
' "$work/port" "$work/heard" &
agent=$!
trap 'kill "$agent" 2>/dev/null || true; rm -rf "$work"' EXIT

# until FILE: waits until it is there.
until_there() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ ! -e "$1" ] || return 0
        sleep 1
    done
    echo "nothing came" >&2
    exit 1
}

until_there "$work/port"
"$GRANTOR" client create --data "$DATA" --id called-agent --name 'An agent' --secret called-agent-secret \
    --grant urn:openid:params:grant-type:ciba --scope 'openid notes.read' --backchannel-delivery ping \
    --backchannel-notification-endpoint "http://127.0.0.1:$(cat "$work/port")/called" >"$work/made"

step 'The agent asks, and says what it wants to be called with (§7.1)'
secret=$(random)
ask 200 "$ISSUER/bc-authorize" --user called-agent:called-agent-secret --data 'scope=openid notes.read' \
    --data login_hint=alice --data "client_notification_token=$secret"
request=$(field auth_req_id)
[ ! -e "$work/heard" ]

step 'Alice looks at what waits for her, and approves'
ask 303 "$ISSUER/account/approvals"
sign_in "$ISSUER$(location)"
ask 200 "$ISSUER$(location)"
ask 303 "$ISSUER/account/approvals" --data-urlencode "approval=$(hidden approval)" --data decision=allow

step 'The agent is called: by who knows its token, about its request (§10.2)'
until_there "$work/heard"
tr -d '\r' <"$work/heard" | sed -n -e '/^[A-Z]* \//p' -e 's/^[Aa]uthorization: /Authorization: /p' -e '$p'
echo
equals 'the token' "$(tr -d '\r' <"$work/heard" | sed -n 's/^[Aa]uthorization: Bearer //p')" "$secret"
equals 'the request' "$(tail -n 1 "$work/heard" | sed 's/.*"auth_req_id":"\([^"]*\)".*/\1/')" "$request"

step 'Now it is worth asking (§11)'
ask 200 "$ISSUER/token" --user called-agent:called-agent-secret \
    --data grant_type=urn:openid:params:grant-type:ciba --data "auth_req_id=$request"
token=$(field access_token)
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"
