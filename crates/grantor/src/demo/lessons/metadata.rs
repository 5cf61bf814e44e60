//! The server's documents: its metadata and its keys.

super::lessons! {
    "issuer" [Metadata]
        "The server's name. It must be the one that the application asked for, letter for letter."
        "metadata of one server that is passed off as another's."
        "RFC 8414 §3.3";
    "authorization_endpoint" [Metadata] "Where the browser is sent." "" "RFC 6749 §3.1";
    "token_endpoint" [Metadata] "Where codes and refresh tokens are redeemed." "" "RFC 6749 §3.2";
    "userinfo_endpoint" [Metadata] "Where the person's claims are." "" "OpenID Connect Core §5.3";
    "jwks_uri" [Metadata] "Where the public keys are." "" "RFC 8414 §2";
    "revocation_endpoint" [Metadata] "Where tokens are given back." "" "RFC 7009 §2";
    "introspection_endpoint" [Metadata] "Where an API may ask about a token that it cannot read." "" "RFC 7662 §2";
    "end_session_endpoint" [Metadata] "Where the browser is sent to sign out." "" "OpenID Connect RP-Initiated Logout §2.1";
    "authorization_response_iss_parameter_supported" [Metadata]
        "Each answer says who gives it, so the application refuses one that does not."
        "the mix-up attack." "RFC 9207 §3";
    "code_challenge_methods_supported" [Metadata] "How PKCE challenges may be made." "weak challenges: `plain` is not offered." "RFC 8414 §2";
    "response_types_supported" [Metadata] "Only `code`: no token comes through the browser." "" "RFC 8414 §2";
    "response_modes_supported" [Metadata] "How the answer reaches the application: in the query, in the fragment or as a form, and in a signed JWT." "" "RFC 8414 §2";
    "authorization_signing_alg_values_supported" [Metadata] "What can sign the answer, for an application that asks for it signed." "" "JARM §4";
    "authorization_encryption_alg_values_supported" [Metadata] "How the key of an encrypted answer can reach the application." "" "JARM §4";
    "authorization_encryption_enc_values_supported" [Metadata] "What can encrypt the answer." "" "JARM §4";
    "grant_types_supported" [Metadata] "What can be handed in for tokens." "" "RFC 8414 §2";
    "scopes_supported" [Metadata] "The scopes that may be asked for." "" "RFC 8414 §2";
    "prompt_values_supported" [Metadata] "What an application may ask of the sign-in: to show nothing, to ask again." "" "OpenID Connect Prompt Create §4.2";
    "subject_types_supported" [Metadata] "Whether all applications see the same `sub` of a person, or each sector one of its own. Here all see the same." "" "OpenID Connect Core §8";
    "id_token_signing_alg_values_supported" [Metadata] "How ID tokens can be signed. Each application registers one." "" "OpenID Connect Discovery §3";
    "id_token_encryption_alg_values_supported" [Metadata] "How the key of an encrypted ID token can reach the application." "" "OpenID Connect Discovery §3";
    "id_token_encryption_enc_values_supported" [Metadata] "What can encrypt an ID token." "" "OpenID Connect Discovery §3";
    "userinfo_signing_alg_values_supported" [Metadata] "What can sign the answers about the person, for an application that registered for that." "" "OpenID Connect Discovery §3";
    "userinfo_encryption_alg_values_supported" [Metadata] "How the key of an encrypted answer about the person can reach the application." "" "OpenID Connect Discovery §3";
    "userinfo_encryption_enc_values_supported" [Metadata] "What can encrypt an answer about the person." "" "OpenID Connect Discovery §3";
    "token_endpoint_auth_methods_supported" [Metadata] "How an application may prove at the token endpoint that it is itself." "" "RFC 8414 §2";
    "revocation_endpoint_auth_methods_supported" [Metadata] "The same, at the revocation endpoint." "" "RFC 8414 §2";
    "introspection_endpoint_auth_methods_supported" [Metadata] "The same, at the introspection endpoint." "" "RFC 8414 §2";
    "claims_supported" [Metadata] "The claims that the server may know." "" "OpenID Connect Discovery §3";
    "claim_types_supported" [Metadata] "Only claims that the server states itself." "" "OpenID Connect Core §5.6";
    "claims_parameter_supported" [Metadata] "Whether single claims can be asked for." "" "OpenID Connect Core §5.5";
    "request_parameter_supported" [Metadata] "Whether the request may come as a signed object." "" "OpenID Connect Core §6.1";
    "request_uri_parameter_supported" [Metadata] "Whether the request may be fetched from an address." "" "OpenID Connect Core §6.2";
    "ES256" [Key] "An elliptic-curve key: small, and quick to sign with. It signed these tokens." "" "RFC 7518 §3.4";
    "RS256" [Key] "An RSA key, for applications that know nothing else." "" "RFC 7518 §3.3";
}
