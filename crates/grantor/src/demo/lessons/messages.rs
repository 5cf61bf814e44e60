//! Parameters of requests and members of responses.

super::lessons! {
    "response_type" [Authorization]
        "Asks for an authorization code: a short-lived ticket that is worth nothing by itself."
        "tokens that leak through the browser, its history or a referring page. None travels that way."
        "RFC 6749 §4.1.1";
    "client_id" [Authorization]
        "Says which application is asking. It is public, like a user name."
        "" "RFC 6749 §2.2";
    "client_id" [EndSession]
        "Says which application is signing the person out."
        "" "OpenID Connect RP-Initiated Logout §2";
    "redirect_uri" [Authorization]
        "Where the browser brings the answer. It must be a registered address, letter for letter; only the port of a loopback address may differ."
        "codes that are delivered to a page of the attacker's."
        "RFC 9700 §2.1, RFC 8252 §7.3";
    "redirect_uri" [Redemption]
        "The same address as in the authorization request: the server compares."
        "codes that were obtained through another address."
        "RFC 6749 §4.1.3";
    "scope" [Authorization]
        "What the application wants to be allowed, and no more. You see it in words and may refuse."
        "harm beyond the purpose: a token that leaks can do only what its scopes say."
        "RFC 6749 §3.3";
    "scope" [Tokens]
        "What was granted. It may be less than what was asked for."
        "" "RFC 6749 §5.1";
    "state" [Authorization]
        "A random value that the application remembers for this browser and expects back unchanged."
        "cross-site request forgery: an answer of somebody else's that is slipped into this browser."
        "RFC 6749 §10.12";
    "state" [Return]
        "What the application sent, unchanged. It compares before it looks at anything else."
        "cross-site request forgery." "RFC 6749 §10.12";
    "nonce" [Authorization]
        "Another random value, which must come back inside the signed ID token."
        "an ID token of another sign-in that is replayed into this one."
        "OpenID Connect Core §15.5.2";
    "code_challenge" [Authorization]
        "The SHA-256 hash of a secret, the code verifier, which only this application knows so far. The method is called PKCE."
        "a stolen code: redeeming it takes the verifier."
        "RFC 7636 §4.2";
    "code_challenge_method" [Authorization]
        "How the challenge was made. `S256` hashes the verifier; `plain`, which shows it, is refused here."
        "reading the verifier from this request."
        "RFC 7636 §4.3";
    "resource" [Authorization]
        "Which API the token is for, by its identifier. It becomes the token's audience."
        "an API that uses the token it was shown at another API."
        "RFC 8707 §2";
    "code" [Return]
        "The ticket. It works once, within 60 seconds, for this application, this redirect URI and this challenge."
        "" "RFC 6749 §4.1.2";
    "code" [Redemption]
        "The ticket that the browser brought."
        "its second use: that is refused, and what the first one obtained is revoked."
        "RFC 6749 §4.1.2";
    "session_state" [Return]
        "What the session looks like from outside. A page of the application may ask a frame of the server whether it has changed since."
        "" "OpenID Connect Session Management §2";
    "iss" [Return]
        "Who answers. The application compares it with the issuer that it asked."
        "the mix-up attack, in which one authorization server gets hold of another one's code."
        "RFC 9207 §2";
    "grant_type" [Redemption]
        "What is handed in for tokens: here, an authorization code."
        "" "RFC 6749 §4.1.3";
    "grant_type" [Refresh]
        "What is handed in for tokens: here, a refresh token."
        "" "RFC 6749 §6";
    "code_verifier" [Redemption]
        "The secret behind the challenge. The server hashes it and compares."
        "a code that was stolen, or slipped in: only the application that asked can redeem."
        "RFC 7636 §4.5";
    "refresh_token" [Refresh]
        "The refresh token at hand. From now on it is spent."
        "a stolen copy: a spent token that turns up again, more than a minute later, ends the whole grant, whoever brings it."
        "RFC 9700 §4.14.2";
    "refresh_token" [Tokens]
        "Obtains new access tokens while you are away. Each use replaces it by a successor."
        "a thief who goes on unnoticed: thief and owner cannot both go on."
        "RFC 9700 §4.14.2";
    "access_token" [Tokens]
        "What the API accepts. It is signed, so that the API can verify it without asking anyone."
        "long use of a stolen one: it lives five minutes."
        "RFC 9068 §2";
    "id_token" [Tokens]
        "A signed statement for the application: who signed in, when and how. It opens no API."
        "a statement made for another application: it names the one it is for."
        "OpenID Connect Core §2";
    "token_type" [Tokens]
        "How to present the access token: as a bearer token, in the `Authorization` header."
        "" "RFC 6749 §7.1";
    "expires_in" [Tokens]
        "Seconds that the access token lives."
        "" "RFC 6749 §5.1";
    "token" [Revocation]
        "The token that is given back: the refresh token, and with it the whole grant."
        "use of copies that were left behind."
        "RFC 7009 §2.1";
    "token_type_hint" [Revocation]
        "Where the server looks first. It finds the token without it, too."
        "" "RFC 7009 §2.1";
    "error" [Return]
        "Why there is no code: `access_denied` means that the person, or the server, said no."
        "" "RFC 6749 §4.1.2.1";
    "error" []
        "Why it was refused, as a registered word: `invalid_grant` covers whatever was handed in and is not, or no longer, good."
        "" "RFC 6749 §5.2";
    "error_description" [Return]
        "The same for developers. An application does not show it to people: it came through the browser, where others may have written it."
        "" "RFC 6749 §4.1.2.1";
    "error_description" []
        "The same for developers. It does not say which check failed."
        "attackers who feel their way from message to message."
        "RFC 6749 §5.2";
    "id_token_hint" [EndSession]
        "The ID token of this sign-in: it tells the server who wants to leave, so that it need not ask."
        "sites that sign people out with a mere link: without a fitting hint, grantor asks first."
        "OpenID Connect RP-Initiated Logout §2";
    "post_logout_redirect_uri" [EndSession]
        "Where the browser goes afterwards. It must be registered, like the redirect URI."
        "misuse of the server to send people to the attacker's page."
        "OpenID Connect RP-Initiated Logout §3";
    "notes" [Api]
        "What all this was for."
        "" "";
    "on_behalf_of" [Api]
        "The API repeats whose notes it gave away: the token's `sub`."
        "" "";
    "read_by" [Api]
        "The API repeats to whom: the token's `client_id`."
        "" "";
    "title" [Api]
        "The refusal in a few words, for people."
        "" "RFC 9457 §3.1.3";
    "status" [Api]
        "The HTTP status once more, for whoever keeps only the body."
        "" "RFC 9457 §3.1.2";
    "detail" [Api]
        "What was wrong this time, for people."
        "" "RFC 9457 §3.1.4";
}
