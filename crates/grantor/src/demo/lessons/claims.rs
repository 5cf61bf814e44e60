//! What stands in tokens, and in the userinfo response.

super::lessons! {
    "alg" [AccessHeader]
        "How the token is signed. The API accepts only what it expects, whatever stands here."
        "algorithm confusion: a token without a signature, or one that is signed with the public key as if it were a password."
        "RFC 8725 §3.1";
    "alg" [IdHeader]
        "How the token is signed. The application accepts only the algorithm that it registered."
        "algorithm confusion." "RFC 8725 §3.1";
    "kid" [AccessHeader IdHeader]
        "Which of the server's public keys verifies the signature, so that keys can be replaced while older tokens still live."
        "" "RFC 7515 §4.1.4";
    "typ" [AccessHeader]
        "What kind of token this is: `at+jwt` is an access token."
        "an ID token that is passed off as an access token."
        "RFC 9068 §2.1";
    "typ" [IdHeader]
        "A JWT of no particular type. An API that insists on `at+jwt` refuses it."
        "" "RFC 7519 §5.1";
    "iss" [AccessClaim]
        "Who made the token. The API accepts this issuer only, and fetches its keys itself."
        "tokens from a server that the API does not trust."
        "RFC 9068 §4";
    "iss" [IdClaim]
        "Who made the statement. It must be the issuer that the application asked."
        "statements by a server that was not asked."
        "OpenID Connect Core §2";
    "sub" [AccessClaim]
        "On whose behalf the application calls."
        "" "RFC 9068 §2.2";
    "sub" [IdClaim]
        "You: an identifier that never changes and is never given to anybody else. With the issuer, it is what accounts are recognised by."
        "taking over an account with a name or an e-mail address that changed hands."
        "OpenID Connect Core §5.7";
    "sub" [Userinfo]
        "You again. It must equal the `sub` of the ID token."
        "an access token of somebody else's that is slipped in."
        "OpenID Connect Core §5.3.2";
    "aud" [AccessClaim]
        "Which APIs it is for: the notes, and grantor's own userinfo endpoint."
        "its use at any other API."
        "RFC 9068 §4";
    "aud" [IdClaim]
        "Which application it is for."
        "a statement made for another application."
        "OpenID Connect Core §3.1.3.7";
    "exp" []
        "When it expires, in seconds since 1970."
        "use for ever of a token that leaked once."
        "RFC 7519 §4.1.4";
    "iat" []
        "When it was made."
        "" "RFC 7519 §4.1.6";
    "nbf" []
        "When it begins to be valid."
        "" "RFC 7519 §4.1.5";
    "nonce" [IdClaim]
        "The value of the authorization request, come back under the server's signature."
        "an ID token of another sign-in that is replayed into this one."
        "OpenID Connect Core §3.1.3.7";
    "auth_time" [AccessClaim]
        "When you last proved who you are."
        "" "RFC 9068 §2.2.1";
    "auth_time" [IdClaim]
        "When you last proved who you are. The token may be much younger than that."
        "an old session where a fresh sign-in is needed."
        "OpenID Connect Core §2";
    "amr" []
        "How you proved it: `pwd` is a password."
        "" "RFC 8176 §2";
    "acr" []
        "How strong that proof was, as a name that both sides agree on."
        "" "OpenID Connect Core §2";
    "azp" [IdClaim]
        "The application that was authorized, where the audience does not say it."
        "" "OpenID Connect Core §2";
    "at_hash" [IdClaim]
        "The left half of the access token's hash."
        "an access token from elsewhere that is put beside this ID token."
        "OpenID Connect Core §3.1.3.6";
    "c_hash" [IdClaim]
        "The left half of the code's hash."
        "another code beside this ID token."
        "OpenID Connect Core §3.3.2.11";
    "sid" []
        "Your session at grantor. It lets several applications be signed out together."
        "" "OpenID Connect Front-Channel Logout §3";
    "jti" [AccessClaim]
        "The token's own name: it can be spoken of in a log without being shown."
        "" "RFC 9068 §2.2";
    "client_id" [AccessClaim]
        "Which application calls."
        "" "RFC 9068 §2.2";
    "scope" [AccessClaim]
        "What it may do. The API compares it with what the call needs."
        "calls beyond what you allowed."
        "RFC 9068 §2.2.3";
    "grant_id" [AccessClaim]
        "Your consent and all the tokens that came of it; revoking it ends them together. A claim of grantor's own."
        "" "RFC 7519 §4.3";
    "name" []
        "Your full name, as it is to be shown."
        "" "OpenID Connect Core §5.1";
    "preferred_username" []
        "What you like to be called there. It may change: no key for an account."
        "" "OpenID Connect Core §5.1";
    "given_name" []
        "Your given name."
        "" "OpenID Connect Core §5.1";
    "family_name" []
        "Your family name."
        "" "OpenID Connect Core §5.1";
    "email" []
        "Your e-mail address, opened by the scope `email`."
        "" "OpenID Connect Core §5.1";
    "email_verified" []
        "Whether the server made sure that the address is yours."
        "getting into somebody's account with an address that was merely typed in."
        "OpenID Connect Core §5.1";
    "locale" []
        "Your language."
        "" "OpenID Connect Core §5.1";
    "updated_at" []
        "When any of this last changed."
        "" "OpenID Connect Core §5.1";
}
