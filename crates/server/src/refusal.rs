//! Why a request is refused: an inner reason, which is logged, and the registered error it becomes on the wire. The reason is never sent: what
//! helps the client's developer is the description, and it tells an attacker nothing about what exists.

use oauth::{Error as Wire, ErrorCode};

/// Declares the reasons: each with the registered error code it becomes and the description that is sent with it.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident => $code:ident, $description:literal;)*) => {
        /// The inner reason of a refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason, in the order of the table.
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)*];

            /// The reason's own name, as the log shows it.
            pub fn name(self) -> &'static str {
                match self { $(Reason::$name => stringify!($name),)* }
            }

            /// The registered error code that goes on the wire.
            pub fn code(self) -> ErrorCode {
                match self { $(Reason::$name => ErrorCode::$code,)* }
            }

            /// The `error_description` that goes on the wire.
            pub fn description(self) -> &'static str {
                match self { $(Reason::$name => $description,)* }
            }
        }
    };
}

reasons! {
    // Forms (RFC 6749 §3.1, §3.2)
    /// The body is not a form.
    FormContentType => InvalidRequest, "the body must be application/x-www-form-urlencoded";
    /// The body or the query is longer than 64 KiB.
    FormTooLarge => InvalidRequest, "the request is too large";
    /// The body or the query is not correctly encoded.
    FormMalformed => InvalidRequest, "the parameters are not correctly encoded as UTF-8 in a form";
    /// The body did not arrive in time.
    FormIncomplete => InvalidRequest, "the request body did not arrive";
    /// A parameter that may occur once occurs twice.
    FormDuplicate => InvalidRequest, "a parameter is included more than once";
    /// A parameter holds U+0000.
    FormNul => InvalidRequest, "a parameter holds a character that is not allowed";

    // Client authentication (RFC 6749 §2.3, §5.2)
    /// Neither credentials nor a `client_id` came.
    ClientMissing => InvalidClient, "client authentication failed";
    /// No such client.
    ClientUnknown => InvalidClient, "client authentication failed";
    /// The client is switched off.
    ClientDisabled => InvalidClient, "client authentication failed";
    /// The secret is another one.
    ClientSecretWrong => InvalidClient, "client authentication failed";
    /// A confidential client came without its secret.
    ClientSecretMissing => InvalidClient, "client authentication failed";
    /// A public client came with a secret.
    ClientSecretUnexpected => InvalidClient, "client authentication failed";
    /// The secret is right, and the client registered another way to present it.
    ClientMethodNotRegistered => InvalidClient, "the client is registered for another token_endpoint_auth_method";
    /// A client that authenticates in another way came with an assertion.
    ClientAssertionUnexpected => InvalidClient, "client authentication failed";
    /// The assertion cannot be read, or holds what it must not.
    ClientAssertionMalformed => InvalidClient, "client authentication failed";
    /// The assertion is signed by an algorithm that the client does not use.
    ClientAssertionAlgorithm => InvalidClient, "client authentication failed";
    /// The signature of the assertion is wrong.
    ClientAssertionSignature => InvalidClient, "client authentication failed";
    /// None of the client's keys is the one that the assertion names.
    ClientKeyUnknown => InvalidClient, "client authentication failed";
    /// The keys at the client's `jwks_uri` cannot be had.
    ClientKeysUnreachable => InvalidClient, "client authentication failed";
    /// `iss` and `sub` of the assertion are not both the client (RFC 7523 §3).
    ClientAssertionOfAnother => InvalidClient, "client authentication failed";
    /// The assertion is for another server, or for another one too (RFC 7523 §3).
    ClientAssertionAudience => InvalidClient, "client authentication failed";
    /// The assertion has expired, is not yet valid, or lives too long.
    ClientAssertionTimes => InvalidClient, "client authentication failed";
    /// The assertion has no `jti`, or too long a one.
    ClientAssertionId => InvalidClient, "client authentication failed";
    /// The assertion was used before (RFC 7523 §3).
    ClientAssertionReplayed => InvalidClient, "client authentication failed";
    /// The headers of an attested instance are not both there, once.
    AttestationMissing => InvalidClient, "client authentication failed";
    /// Nobody who is trusted to attest signed the attestation.
    AttesterUnknown => InvalidClient, "client authentication failed";
    /// The attestation has expired.
    AttestationExpired => InvalidClient, "client authentication failed";
    /// The proof is not one of the attested key.
    AttestationUnproven => InvalidClient, "client authentication failed";
    /// The proof answers no challenge, and has to.
    AttestationChallengeMissing => UseAttestationChallenge, "the proof of possession needs the challenge of the server";
    /// The challenge is not ours, or too old.
    AttestationChallengeWrong => UseAttestationChallenge, "the challenge of the proof of possession is not acceptable: use the present one";
    /// The connection has no certificate of the client (RFC 8705 §2).
    ClientCertificateMissing => InvalidClient, "client authentication failed";
    /// No authority that the operator trusts vouches for the certificate now, or it cannot be read.
    ClientCertificateUntrusted => InvalidClient, "client authentication failed";
    /// The certificate is not the one that the client registered.
    ClientCertificateOfAnother => InvalidClient, "client authentication failed";
    /// The client's tokens are bound to its certificate, and the connection has none (RFC 8705 §3).
    CertificateNeeded => InvalidRequest, "the client's tokens are bound to its certificate: connect with it";
    /// Its profile wants tokens bound, and the request proves to have nothing (FAPI 2.0 Security Profile §5.3.2.1).
    ProfileUnbound => InvalidDpopProof, "a DPoP proof or a client certificate is required (FAPI 2.0 Security Profile section 5.3.2.1)";
    /// What somebody else signed about it authenticates no client of its profile (FAPI 2.0 Security Profile §5.3.2.1).
    ProfileVouched => InvalidClient, "the client has to authenticate by mutual TLS or private_key_jwt (FAPI 2.0 Security Profile section 5.3.2.1)";
    /// A public client asked where only confidential ones may.
    ClientIsPublic => InvalidClient, "this endpoint requires client authentication";
    /// A public client asked for a token of its own (RFC 6749 §4.4).
    ClientPublicForItself => UnauthorizedClient, "only a client with credentials of its own may use this grant type";
    /// A grant that OAuth 2.1 has left out, where nobody switched it on.
    GrantTypeRetired => UnsupportedGrantType, "this grant type is not supported here";
    /// The profile leaves the grant out, whatever is switched on (FAPI 2.0 Security Profile §5.3.2.1).
    ProfileGrantType => UnsupportedGrantType, "this grant type is not permitted (FAPI 2.0 Security Profile section 5.3.2.1)";
    /// The user name or the password is another one, or they may not sign in (RFC 6749 §4.3.2).
    PasswordWrong => InvalidGrant, "the user name or the password is wrong";
    /// The client is not registered for the grant type.
    GrantTypeNotRegistered => UnauthorizedClient, "the client is not registered for this grant type";

    // The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1)
    /// A response type that brings tokens through the browser, where nobody switched that on.
    ResponseTypeUnsupported => UnsupportedResponseType, "this response_type is not supported here";
    /// The profile permits codes only (FAPI 2.0 Security Profile §5.3.2.2).
    ProfileResponseType => UnsupportedResponseType, "response_type must be code (FAPI 2.0 Security Profile section 5.3.2.2)";
    /// The client is not registered for the response type.
    ResponseTypeNotRegistered => UnauthorizedClient, "the client is not registered for this response type";
    /// An access token through the browser, for a client whose tokens are bound to a key or a certificate.
    TokenNotBindable => UnauthorizedClient, "the client's tokens are bound, and one from the authorization endpoint cannot be";
    /// An ID token without `openid`.
    OpenIdNotGranted => InvalidScope, "an id_token needs the scope openid, which was not granted";
    /// No challenge, where one is required (RFC 9700 §2.1.1).
    ChallengeMissing => InvalidRequest, "code_challenge with code_challenge_method=S256 is required";
    /// No challenge, where the profile wants one (FAPI 2.0 Security Profile §5.3.2.2).
    ProfileChallenge => InvalidRequest, "code_challenge with code_challenge_method=S256 is required (FAPI 2.0 Security Profile section 5.3.2.2)";
    /// The request was not pushed, and has to be (RFC 9126 §5).
    PushNeeded => InvalidRequest, "authorization requests must be pushed (RFC 9126)";
    /// It was not pushed, and the profile has it pushed (FAPI 2.0 Security Profile §5.3.2.2).
    ProfilePush => InvalidRequest, "authorization requests must be pushed (FAPI 2.0 Security Profile section 5.3.2.2)";
    /// It names no redirect URI (FAPI 2.0 Security Profile §5.3.2.2).
    ProfileRedirectUri => InvalidRequest, "redirect_uri is required (FAPI 2.0 Security Profile section 5.3.2.2)";
    /// It does not ask for a signed response (FAPI 2.0 Message Signing §5.4.1).
    ProfileResponseMode => InvalidRequest, "response_mode must be jwt (FAPI 2.0 Message Signing section 5.4.1)";
    /// The resource's tokens are signed by an algorithm that the client's profile does not permit (FAPI 2.0 Security Profile §5.4.1).
    ProfileTokenAlgorithm => InvalidTarget, "tokens for this resource are signed by an algorithm that FAPI 2.0 Security Profile section 5.4.1 does not permit";
    /// Both `request` and `request_uri` (RFC 9101 §5).
    RequestTwice => InvalidRequest, "request and request_uri exclude each other";
    /// No request object, where one is needed (RFC 9101 §10.5).
    RequestObjectNeeded => InvalidRequest, "the authorization request must be a signed request object (RFC 9101)";
    /// No request object, and the profile has requests signed (FAPI 2.0 Message Signing §5.3.1).
    ProfileObjectMissing => InvalidRequest, "the authorization request must be a signed request object (FAPI 2.0 Message Signing section 5.3.1)";
    /// Its algorithm is not one of the client's profile (FAPI 2.0 Security Profile §5.4.1).
    ProfileObjectAlgorithm => InvalidRequestObject, "the request object is signed by an algorithm that FAPI 2.0 Security Profile section 5.4.1 does not permit";
    /// It has no `aud`, which the profile wants (FAPI 2.0 Message Signing §5.3.1).
    ProfileObjectAudience => InvalidRequestObject, "aud of the request object is required and must be the issuer (FAPI 2.0 Message Signing section 5.3.1)";
    /// It has no `exp` or `nbf`, or they are further away than the profile has it (FAPI 2.0 Message Signing §5.3.1).
    ProfileObjectTimes => InvalidRequestObject, "the request object must have nbf, of the last 60 minutes, and exp, within 60 minutes after nbf (FAPI 2.0 Message Signing section 5.3.1)";
    /// `alg` is `none`.
    RequestObjectUnsigned => InvalidRequestObject, "the request object must be signed";
    /// It cannot be read, or says what no parameter can hold.
    RequestObjectMalformed => InvalidRequestObject, "the request object is not a signed JWT with parameters";
    /// It says that it is something else (RFC 9101 §10.8).
    RequestObjectType => InvalidRequestObject, "typ of the request object is another than oauth-authz-req+jwt and JWT";
    /// Its algorithm is not one that the client registered or can use.
    RequestObjectAlgorithm => InvalidRequestObject, "the request object is signed by an algorithm that the client did not register";
    /// Its signature is wrong.
    RequestObjectSignature => InvalidRequestObject, "the signature of the request object is wrong";
    /// None of the client's keys verifies it, or they cannot be had.
    RequestObjectKeys => InvalidRequestObject, "no key of the client verifies the request object";
    /// It cannot be decrypted.
    RequestObjectEncryption => InvalidRequestObject, "the request object cannot be decrypted";
    /// It holds another request (RFC 9101 §4).
    RequestObjectNested => InvalidRequestObject, "the request object must not hold request or request_uri";
    /// `iss` is not the client, or `sub` is (RFC 9101 §10.8).
    RequestObjectIssuer => InvalidRequestObject, "iss of the request object must be the client_id, and sub must not be";
    /// `client_id` in it is not the client (RFC 9101 §5).
    RequestObjectClient => InvalidRequestObject, "client_id in the request object must be that of the request";
    /// `aud` is not this server (RFC 9101 §4).
    RequestObjectAudience => InvalidRequestObject, "aud of the request object must be the issuer";
    /// The request object of a federation's client lacks what it must say, or says more (OpenID Federation 1.0 §12.1.1.1).
    FederationObject => InvalidRequestObject, "iss and client_id of the request object must be the entity identifier, aud the issuer alone, exp and jti must be there, and sub must not be";
    /// The request object of a federation's client was used before.
    RequestObjectReplayed => InvalidRequestObject, "the request object was used before: its jti must be new";
    /// A registration of an entity is not for this server.
    FederationAudience => InvalidRequest, "aud of the entity configuration must be the issuer alone";
    /// A registration of an entity came before.
    FederationReplayed => InvalidRequest, "this entity configuration was used before: sign another";
    /// A registration of an entity is neither its configuration nor a chain.
    FederationContentType => InvalidRequest, "the body must be application/entity-statement+jwt or application/trust-chain+json";
    /// A registration of an entity cannot be read.
    FederationBody => InvalidRequest, "the body is no entity configuration, and no trust chain";
    /// Asked what the realm, as a superior, says of itself (OpenID Federation 1.0 §8.1.1).
    FederationOneself => InvalidRequest, "sub is this entity itself: what it says of itself is its configuration";
    /// It is not right below the realm (OpenID Federation 1.0 §8.1.2).
    FederationStranger => NotFound, "this entity has no such immediate subordinate";
    /// A search for a chain arrived at a resolver, which would begin another one (OpenID Federation 1.0 §8.3).
    FederationSearch => InvalidRequest, "a resolver is no fetch endpoint: accept application/resolve-response+jwt";
    /// The realm gave the entity no such trust mark, or took it back (OpenID Federation 1.0 §8.4.2, §8.6.2).
    FederationUnmarked => NotFound, "this entity has given no such trust mark";
    /// What is asked about is no trust mark (OpenID Federation 1.0 §8.4.1).
    FederationNoMark => InvalidRequest, "trust_mark is no trust mark";
    /// It has expired, or is not yet valid.
    RequestObjectTimes => InvalidRequestObject, "exp, nbf or iat of the request object is out of bounds";
    /// What must be the same in it and beside it is not (OpenID Connect Core §6.1).
    RequestObjectDiffers => InvalidRequestObject, "response_type and client_id must be the same in the request object and beside it";
    /// The client did not register the address (OpenID Connect Registration §2).
    RequestUriUnregistered => InvalidRequestUri, "the request_uri is not one that the client registered";
    /// Nothing usable is at the address.
    RequestUriUnreachable => InvalidRequestUri, "no request object can be had at the request_uri";
    /// No such pushed request (RFC 9126 §4).
    RequestUriUnknown => InvalidRequestUri, "the request_uri is invalid, expired or already used";
    /// Another client pushed it.
    RequestUriOfAnotherClient => InvalidRequestUri, "the request_uri is invalid, expired or already used";
    /// The browser came too late.
    RequestUriExpired => InvalidRequestUri, "the request_uri is invalid, expired or already used";
    /// It was answered before.
    RequestUriUsed => InvalidRequestUri, "the request_uri is invalid, expired or already used";
    /// A scope that nobody defines or that this client may not ask for.
    ScopeUnknown => InvalidScope, "the scope is unknown, or not allowed for this client";
    /// None of the scopes may be granted to this client.
    ScopeNotGrantable => InvalidScope, "none of the requested scope can be granted";
    /// None of the scopes may be granted to this person.
    ScopeNotGrantableToPerson => AccessDenied, "none of the requested scope can be granted";
    /// The scopes belong to several resources and no resource was named (RFC 9068 §3).
    ScopeAmbiguous => InvalidScope, "the scope belongs to more than one resource: name one with the resource parameter";
    /// A token asked for more than was granted (RFC 6749 §6).
    ScopeExceedsGrant => InvalidScope, "the scope exceeds what was granted";
    /// No such resource, or not an absolute URI (RFC 8707 §2).
    ResourceUnknown => InvalidTarget, "the resource is unknown";
    /// A resource was named of which nothing is asked for or may be had (RFC 8707 §2).
    ResourceUseless => InvalidTarget, "nothing of a resource that is named is asked for, or may be asked for by this client";
    /// A token asked for a resource that was not granted (RFC 8707 §2.2).
    ResourceNotGranted => InvalidTarget, "the resource was not granted";
    /// The resources ask for different formats or algorithms, so that one token cannot serve them all.
    ResourcesIncompatible => InvalidTarget, "one token cannot serve these resources together: ask for one at a time";
    /// Details of a type that nobody offers, or that this client is not registered for (RFC 9396 §5).
    DetailsTypeUnknown => InvalidAuthorizationDetails, "a type in authorization_details is unknown, or not registered for this client";
    /// Details that their schema does not want, or that cannot be shown to people as they are.
    DetailsMalformed => InvalidAuthorizationDetails, "the authorization_details do not have the form of their type";
    /// Details of another resource than those that were named.
    DetailsOfAnotherResource => InvalidAuthorizationDetails, "the authorization_details are for another resource than the request";
    /// Scope and details belong to several resources and no resource was named.
    DetailsAmbiguous => InvalidAuthorizationDetails, "scope and authorization_details belong to more than one resource: name them with the resource parameter";
    /// Details that this grant can give nobody: people are asked about them each time, and here nobody is asked (RFC 9396 §4).
    DetailsNotOffered => InvalidAuthorizationDetails, "this grant gives no authorization_details";
    /// Details of the subject's token that this client may not be granted: it may ask for others of them.
    DetailsNotCarried => InvalidAuthorizationDetails, "the subject_token has authorization_details that cannot be granted to this client";
    /// The details may not be granted to this client for itself.
    DetailsNotGrantable => InvalidAuthorizationDetails, "the authorization_details cannot be granted";
    /// The details may not be granted to this person.
    DetailsNotGrantableToPerson => AccessDenied, "the authorization_details cannot be granted";
    /// `prompt=none`, and nobody is signed in as the request needs.
    LoginNeeded => LoginRequired, "the person has to sign in";
    /// The person signed in, and not as strongly as `acr_values` ask (RFC 9470 §5).
    AcrUnmet => UnmetAuthenticationRequirements, "the sign-in did not reach any of the acr_values";
    /// Nobody can sign in here as strongly as `acr_values` ask.
    AcrUnreachable => UnmetAuthenticationRequirements, "no sign-in reaches any of the acr_values here";
    /// Somebody else is signed in than the `id_token_hint` names.
    HintNamesAnother => LoginRequired, "the person of the id_token_hint is not signed in";
    /// `prompt=none`, and consent is missing.
    ConsentNeeded => ConsentRequired, "the person has to consent";
    /// The `id_token_hint` is not an ID token of this issuer.
    HintInvalid => InvalidRequest, "id_token_hint is not an ID token of this issuer";
    /// The person pressed "Deny".
    PersonDenied => AccessDenied, "the person denied the request";

    // Grants at the token endpoint (RFC 6749 §5.2)
    /// No such code.
    CodeUnknown => InvalidGrant, "the code is invalid, expired or already used";
    /// The code is older than its lifetime.
    CodeExpired => InvalidGrant, "the code is invalid, expired or already used";
    /// The code was redeemed before: a replay (RFC 6749 §4.1.2).
    CodeReplayed => InvalidGrant, "the code is invalid, expired or already used";
    /// The code was issued to another client.
    CodeOfAnotherClient => InvalidGrant, "the code is invalid, expired or already used";
    /// `redirect_uri` was sent to /authorize and not to /token (RFC 6749 §4.1.3).
    RedirectUriMissing => InvalidGrant, "redirect_uri must be repeated as it was in the authorization request";
    /// `redirect_uri` is not the one of the authorization request.
    RedirectUriDiffers => InvalidGrant, "redirect_uri must be repeated as it was in the authorization request";
    /// The code has a challenge and no verifier came.
    VerifierMissing => InvalidGrant, "code_verifier is required";
    /// The verifier does not fit the challenge (RFC 7636 §4.6).
    VerifierWrong => InvalidGrant, "code_verifier does not match the code_challenge";
    /// The code was issued without a challenge (RFC 9700 §2.1.1).
    VerifierUnexpected => InvalidGrant, "code_verifier came for a code without code_challenge";
    /// The person was disabled, is gone, or signed out everywhere since.
    PersonGone => InvalidGrant, "the grant is no longer valid";
    /// The grant, the session, the consent or the client was revoked since.
    GrantRevoked => InvalidGrant, "the grant is no longer valid";
    /// Not a refresh token of this realm.
    RefreshUnknown => InvalidGrant, "the refresh token is invalid, expired or revoked";
    /// The refresh token was issued to another client.
    RefreshOfAnotherClient => InvalidGrant, "the refresh token is invalid, expired or revoked";
    /// The family was not used for too long, or reached its end.
    RefreshExpired => InvalidGrant, "the refresh token is invalid, expired or revoked";
    /// The family was revoked.
    RefreshRevoked => InvalidGrant, "the refresh token is invalid, expired or revoked";
    /// An old token of the family came back: the family is revoked.
    RefreshReplayed => InvalidGrant, "the refresh token is invalid, expired or revoked";
    /// The token's counter is ahead of the family: the database went back in time.
    RefreshAhead => InvalidGrant, "the refresh token is invalid, expired or revoked";

    // The device grant (RFC 8628 §3.5)
    /// No such device code.
    DeviceCodeUnknown => InvalidGrant, "the device code is invalid or already used";
    /// The device code was issued to another client.
    DeviceCodeOfAnotherClient => InvalidGrant, "the device code is invalid or already used";
    /// The device code was redeemed before: a replay.
    DeviceCodeReplayed => InvalidGrant, "the device code is invalid or already used";
    /// Nobody allowed it in time.
    DeviceCodeExpired => ExpiredToken, "the device code has expired: start again";
    /// The person has not decided.
    DevicePending => AuthorizationPending, "the person has not decided yet";
    /// The device polls faster than it may.
    DeviceSlowDown => SlowDown, "polled too early: wait five seconds longer between requests from now on";
    /// The person said no.
    DeviceDenied => AccessDenied, "the person denied the request";

    // Asking people without a browser (OpenID Connect CIBA Core §11, §13)
    /// The client is called, and said not with which token.
    CibaTokenMissing => InvalidRequest, "client_notification_token is required for a client that is called";
    /// The hint names nobody, or somebody who is switched off.
    CibaUserUnknown => UnknownUserId, "the hint names nobody who can be asked";
    /// The ID token was issued to another client.
    CibaHintOfAnother => InvalidRequest, "id_token_hint is not an ID token of this client";
    /// The `login_hint_token` is not what the client signed for this server.
    CibaHintInvalid => InvalidRequest, "login_hint_token is not a JWT that the client signed for this server, with sub_id";
    /// It has expired.
    CibaHintExpired => ExpiredLoginHintToken, "login_hint_token has expired";
    /// The person has set a user code, and none came.
    CibaUserCodeMissing => MissingUserCode, "the person has to be asked for their user code";
    /// It is another one.
    CibaUserCodeWrong => InvalidUserCode, "the user code is wrong";
    /// A client that registered a signing algorithm sent a request that is not signed.
    CibaRequestUnsigned => InvalidRequest, "the client is registered for signed requests: send request";
    /// A client that registered none sent a signed one.
    CibaRequestUnexpected => InvalidRequest, "the client is not registered for signed requests";
    /// The request is not what the client signed for this server.
    CibaRequestInvalid => InvalidRequest, "request is not a JWT that the client signed as it registered, with iss, aud, iat, nbf, exp and jti";
    /// The keys of the client cannot be had.
    CibaRequestKeys => InvalidRequest, "the keys of the client cannot be had";
    /// The signed request has expired, is not yet valid, or is good for more than an hour.
    CibaRequestTimes => InvalidRequest, "request has expired, is not valid yet, or is good for more than an hour";
    /// The signed request was used before.
    CibaRequestReplayed => InvalidRequest, "request was used before: make a new one each time";
    /// No such request.
    CibaUnknown => InvalidGrant, "auth_req_id is invalid or already used";
    /// It was made by another client.
    CibaOfAnotherClient => InvalidGrant, "auth_req_id is invalid or already used";
    /// It was redeemed before: a replay.
    CibaReplayed => InvalidGrant, "auth_req_id is invalid or already used";
    /// Its tokens are pushed.
    CibaIsPushed => UnauthorizedClient, "the tokens of this client are pushed to it";
    /// Nobody allowed it in time.
    CibaExpired => ExpiredToken, "the request has expired: ask again";
    /// The person has not decided.
    CibaPending => AuthorizationPending, "the person has not decided yet";
    /// The client polls faster than it may.
    CibaSlowDown => SlowDown, "polled too early: wait five seconds longer between requests from now on";
    /// The person said no.
    CibaDenied => AccessDenied, "the person denied the request";

    /// The code is bound to a key or a certificate, and the request does not prove to have it (RFC 9449 §10).
    CodeBound => InvalidGrant, "the code is bound to a key that the request does not prove to have";
    /// The same of a refresh token (RFC 9449 §5, RFC 8705 §4).
    RefreshBound => InvalidGrant, "the refresh token is bound to a key that the request does not prove to have";
    /// The tokens of the grant are bound, and this request would get one that is not (RFC 9449 §5).
    RefreshUnproven => InvalidDpopProof, "the tokens of this grant are bound to a key: a DPoP proof is required";
    /// The same with a certificate (RFC 8705 §3).
    RefreshUncertified => InvalidGrant, "the tokens of this grant are bound to a certificate: connect with one, or send a DPoP proof";

    // What trusted issuers sign (RFC 7521 §4.1.1, §4.2.1)
    /// What was signed about a workload is not believed, or names no client of ours.
    ClientNotVouchedFor => InvalidClient, "client authentication failed";
    /// The assertion cannot be read, or holds what it must not.
    AssertionMalformed => InvalidGrant, "the assertion is invalid or expired, or its issuer is not trusted for this";
    /// Its issuer is not trusted.
    AssertionIssuer => InvalidGrant, "the assertion is invalid or expired, or its issuer is not trusted for this";
    /// Its `typ` is that of something else.
    AssertionType => InvalidGrant, "the assertion is invalid or expired, or its issuer is not trusted for this";
    /// The keys of its issuer cannot be had.
    AssertionKeys => InvalidGrant, "the assertion is invalid or expired, or its issuer is not trusted for this";
    /// Its signature is wrong, or by a key that its issuer does not have.
    AssertionSignature => InvalidGrant, "the assertion is invalid or expired, or its issuer is not trusted for this";
    /// It is signed by an algorithm that its issuer does not use.
    AssertionAlgorithm => InvalidGrant, "the assertion is invalid or expired, or its issuer is not trusted for this";
    /// It is signed by an algorithm that the profile of the client does not permit (FAPI 2.0 Security Profile §5.4.1).
    ProfileAssertionAlgorithm => InvalidGrant, "the assertion is signed by an algorithm that FAPI 2.0 Security Profile section 5.4.1 does not permit";
    /// It is for another server, or for another one too.
    AssertionAudience => InvalidGrant, "the assertion is invalid or expired, or its issuer is not trusted for this";
    /// It has expired, is not yet valid, or lives too long.
    AssertionTimes => InvalidGrant, "the assertion is invalid or expired, or its issuer is not trusted for this";
    /// It counts once, and has no `jti`, or too long a one.
    AssertionId => InvalidGrant, "the assertion is invalid or expired, or its issuer is not trusted for this";
    /// No rule of its issuer applies, or none lets this client hand it in.
    AssertionRule => InvalidGrant, "the assertion is invalid or expired, or its issuer is not trusted for this";
    /// It names nobody here.
    AssertionPerson => InvalidGrant, "the assertion is invalid or expired, or its issuer is not trusted for this";
    /// It was handed in before.
    AssertionReplayed => InvalidGrant, "the assertion was used before";
    /// Its `client_id` is another (ID-JAG).
    AssertionOfAnotherClient => InvalidGrant, "the assertion is for another client";
    /// It is bound to a key that the request does not prove to have.
    AssertionBound => InvalidGrant, "the assertion is bound to a key that the request does not prove to have";
    /// Its `may_act` names somebody else.
    AssertionActor => InvalidGrant, "the assertion does not allow this party to act";

    // Token exchange (RFC 8693 §2.2.2)
    /// The subject's token is not one of ours, expired, was revoked, or is not what it is said to be.
    SubjectInvalid => InvalidRequest, "the subject_token is invalid, expired or revoked, or not of the stated type";
    /// The subject's token was neither issued to this client nor meant for it, and no policy says that it may exchange it.
    SubjectOfAnother => InvalidRequest, "the subject_token was neither issued to this client nor meant for it";
    /// The subject's token is bound to a key or a certificate, and the request does not prove to have it.
    SubjectBound => InvalidRequest, "the subject_token is bound to a key that the request does not prove to have";
    /// The actor's token is not one of ours, expired, was revoked, or is not what it is said to be.
    ActorInvalid => InvalidRequest, "the actor_token is invalid, expired or revoked, or not of the stated type";
    /// The actor's token was not issued to this client.
    ActorOfAnother => InvalidRequest, "the actor_token was not issued to this client";
    /// Somebody acts for the actor, which no token could say.
    ActorDelegated => InvalidRequest, "the actor_token is itself for somebody who acts for another";
    /// The actor's token is bound to a key or a certificate, and the request does not prove to have it.
    ActorBound => InvalidRequest, "the actor_token is bound to a key that the request does not prove to have";
    /// `may_act` of the subject's token names somebody else (RFC 8693 §4.4).
    ActorNotAllowed => InvalidRequest, "the subject_token does not allow this party to act";
    /// The chain of actors would be too long.
    TooManyActors => InvalidRequest, "too many parties have acted with this token";
    /// Such a token is not issued in exchange.
    TokenTypeNotIssued => InvalidRequest, "a token of the requested_token_type is not issued for this";
    /// The client may not get a token for this resource in exchange for that one.
    ExchangeNotAllowed => InvalidTarget, "this client may not exchange the token for one for this target";

    // DPoP proofs (RFC 9449 §4.3, §5, §8)
    /// No proof, and the client or the token asks for one.
    ProofMissing => InvalidDpopProof, "a DPoP proof is required";
    /// More than one header.
    ProofTwice => InvalidDpopProof, "the DPoP header is included more than once";
    /// Its form, its type, its algorithm, its key or its signature.
    ProofInvalid => InvalidDpopProof, "the DPoP proof is not a JWT of the type dpop+jwt with a public key and a good signature";
    /// It is for another method.
    ProofMethod => InvalidDpopProof, "htm of the DPoP proof is not the method of this request";
    /// It is for another address.
    ProofAddress => InvalidDpopProof, "htu of the DPoP proof is not the address of this request";
    /// Its algorithm is not one of its client's profile (FAPI 2.0 Security Profile §5.4.1).
    ProofAlgorithm => InvalidDpopProof, "the DPoP proof is signed by an algorithm that FAPI 2.0 Security Profile section 5.4.1 does not permit";
    /// Its key is another than `dpop_jkt` names (RFC 9449 §10.1).
    ProofKey => InvalidDpopProof, "dpop_jkt is not the thumbprint of the key of the DPoP proof";
    /// Its `jti` is empty or too long.
    ProofIdentifier => InvalidDpopProof, "jti of the DPoP proof has 1 to 256 characters";
    /// It is for another access token.
    ProofTokenHash => InvalidDpopProof, "ath of the DPoP proof is not the hash of the access token";
    /// It was used before.
    ProofReplayed => InvalidDpopProof, "the DPoP proof was used before: make a new one for each request";
    /// Its time is too far off; a nonce would help.
    ProofTime => UseDpopNonce, "iat of the DPoP proof is too far from the time of the server: use the nonce";
    /// It has no nonce.
    ProofNonceMissing => UseDpopNonce, "the DPoP proof needs the nonce of the server";
    /// Its nonce is not ours, or too old.
    ProofNonce => UseDpopNonce, "the nonce of the DPoP proof is not acceptable: use the present one";

    // Access tokens that are presented (RFC 6750 §3.1)
    /// The token is bound to a key or a certificate, and the request does not prove to have it (RFC 9449 §7.2, RFC 8705 §3).
    TokenBound => InvalidToken, "the access token is bound to a key or certificate that the request does not prove to have";
    /// A token that is not bound to a key came with the scheme DPoP (RFC 9449 §7.1).
    TokenNotBound => InvalidToken, "the access token is not bound to a key";
    /// Two ways of presenting a token were used at once.
    TokenTwice => InvalidRequest, "the access token is presented in more than one way";
    /// Not an access token of this realm, or its signature is wrong.
    TokenMalformed => InvalidToken, "the access token is invalid";
    /// The access token has expired.
    TokenExpired => InvalidToken, "the access token has expired";
    /// The access token was revoked, or who it speaks for is gone.
    TokenRevoked => InvalidToken, "the access token is invalid";
    /// The access token is not for this endpoint.
    TokenAudience => InvalidToken, "the access token is not meant for this endpoint";
    /// The access token lacks the scope `openid`.
    TokenScope => InsufficientScope, "the access token lacks the scope openid";
    /// The access token lacks a scope of the transmitter of security events.
    TokenScopeOfSignals => InsufficientScope, "the access token lacks the scope ssf.read or ssf.manage";
    /// A person's token, where a client acts for itself.
    TokenOfPerson => InvalidToken, "the access token must be one of the client itself";
    /// A token that was issued to another client is to be revoked (RFC 7009 §2.1).
    TokenOfAnotherClient => InvalidGrant, "the token was issued to another client";

    // Registration (RFC 7591 §3.2.2, RFC 7592 §2)
    /// The body is not `application/json`.
    JsonContentType => InvalidRequest, "the body must be application/json";
    /// The body is too long.
    JsonTooLarge => InvalidRequest, "the body is too large";
    /// The body is not a JSON object, or names a member twice.
    JsonMalformed => InvalidRequest, "the body must be one JSON object that names no member twice";
    /// No initial access token, or not one that can be used (any more).
    InitialTokenUnusable => InvalidToken, "registration needs an initial access token that has not expired and is not used up";
    /// Not the token of this registration.
    RegistrationTokenWrong => InvalidToken, "the registration access token is not valid for this client";
    /// The client names itself otherwise than its address does.
    RegistrationOfAnother => InvalidClientMetadata, "client_id: it must be the one of this registration";
    /// The client sent a secret that is not its own (RFC 7592 §2.2).
    RegistrationSecretWrong => InvalidClientMetadata, "client_secret: it must be the one that was issued, or be left out";
    /// Who may register has to bring a software statement.
    StatementMissing => InvalidSoftwareStatement, "registration needs a software statement";
    /// The list at `sector_identifier_uri` cannot be had (OpenID Connect Registration §5).
    SectorUnreachable => InvalidClientMetadata, "sector_identifier_uri: there is no JSON list of redirect URIs there";
    /// A redirect URI is not in that list.
    SectorForeign => InvalidClientMetadata, "sector_identifier_uri: its list lacks a redirect URI of this client";

    // Credentials (OpenID4VCI 1.0 §8.3.1.2, §11.3)
    /// The request is not one.
    CredentialRequestMalformed => InvalidCredentialRequest, "the body must be a JSON object with credential_identifier where the token response named one, and credential_configuration_id where it did not";
    /// There is no such kind.
    CredentialUnknown => UnknownCredentialConfiguration, "there is no such credential_configuration_id here";
    /// The token response named no such one.
    CredentialIdentifierUnknown => UnknownCredentialIdentifier, "credential_identifier is not one that came with this access token";
    /// The token is not for it.
    CredentialNotGranted => CredentialRequestDenied, "the access token was not granted for this credential";
    /// Its rule does not give it to this person, or the person is gone.
    CredentialNotGrantable => CredentialRequestDenied, "this credential is not issued for this person";
    /// The person lacks a claim that must be in it.
    CredentialIncomplete => CredentialRequestDenied, "what this credential has to say is not known about this person";
    /// The values of its claims cannot stand in an SD-JWT.
    CredentialUnsayable => CredentialRequestDenied, "this credential cannot be issued for this person";
    /// No proof, or one of a type that is not taken.
    CredentialProofMissing => InvalidProof, "the request needs proofs of a type that is in proof_types_supported";
    /// Not a proof.
    CredentialProof => InvalidProof, "a proof is not a JWT of its type with one public key, signed by an algorithm that is in proof_signing_alg_values_supported";
    /// It is for another issuer.
    CredentialProofAudience => InvalidProof, "aud of a proof is not this credential issuer alone";
    /// It is of another wallet.
    CredentialProofClient => InvalidProof, "iss of a proof is not the client_id of the access token";
    /// It is too old, or from the future.
    CredentialProofTime => InvalidProof, "iat of a proof is too far from the time of the server";
    /// Two proofs are of one key.
    CredentialProofTwice => InvalidProof, "two proofs are of the same key";
    /// It has no nonce.
    CredentialProofNonceMissing => InvalidProof, "a proof has no nonce: fetch one from the nonce endpoint";
    /// Its nonce is not ours, or too old.
    CredentialNonce => InvalidNonce, "the nonce of a proof is not the present one: fetch it from the nonce endpoint";
    /// Nobody who is trusted vouches for the key.
    CredentialKeyAttestation => InvalidProof, "no key attestation of a trusted attester names the key of the proof";
    /// The request or the response cannot be encrypted so.
    CredentialEncryption => InvalidEncryptionParameters, "the request is encrypted as credential_request_encryption says, and names jwk with alg, and enc, of credential_response_encryption";
    /// Not a message about a credential.
    NotificationMalformed => InvalidNotificationRequest, "the body must be a JSON object with notification_id and event";
    /// It names nothing that this token got.
    NotificationUnknown => InvalidNotificationId, "notification_id did not come with this grant, or is too old";

    // Pre-authorized codes (OpenID4VCI 1.0 §6.3)
    /// Nothing is issued here.
    NothingIssued => UnsupportedGrantType, "no credentials are issued here";
    /// No such offer.
    OfferUnknown => InvalidGrant, "pre-authorized_code is invalid, expired or already used";
    /// It was not fetched in time.
    OfferExpired => InvalidGrant, "pre-authorized_code is invalid, expired or already used";
    /// It was redeemed before: a replay.
    OfferReplayed => InvalidGrant, "pre-authorized_code is invalid, expired or already used";
    /// Too many wrong transaction codes were tried.
    OfferLocked => InvalidGrant, "pre-authorized_code is invalid, expired or already used";
    /// It needs a transaction code.
    TxCodeMissing => InvalidRequest, "tx_code is needed for this offer";
    /// It needs none.
    TxCodeUnexpected => InvalidRequest, "tx_code is not needed for this offer";
    /// It is another one.
    TxCodeWrong => InvalidGrant, "tx_code is wrong";

    // Offers for the code flow (OpenID4VCI 1.0 §5.1.3)
    /// No such offer, or it was used, or is too old.
    IssuerStateUnknown => InvalidRequest, "issuer_state is unknown, expired or already used";
    /// It is not for what was offered.
    IssuerStateElsewhere => InvalidRequest, "the request is not for the credentials that were offered with this issuer_state";

    // What does not depend on the request
    /// A commit lost its race three times in a row.
    Contended => TemporarilyUnavailable, "the request met others at the same time: try again";
}

/// A request that is not fulfilled.
#[derive(Debug)]
pub enum Refusal {
    /// Refused for a reason of ours.
    Because(Reason),
    /// Refused by the grammar of the protocol.
    Protocol(Wire),
    /// Too many wrong guesses: try again after so many seconds.
    TooMany(i64),
    /// The storage is overloaded: try again.
    Busy,
    /// The storage is away or failing; the text is logged and never sent.
    Down(String),
    /// Something of ours failed; the text is logged and never sent.
    Failed(String),
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::Because(reason)
    }
}

impl From<Wire> for Refusal {
    fn from(error: Wire) -> Self {
        Self::Protocol(error)
    }
}

impl From<realm::Error> for Refusal {
    fn from(error: realm::Error) -> Self {
        if error.is_busy() {
            Self::Busy
        } else if error.is_outage() {
            Self::Down(error.to_string())
        } else {
            Self::Failed(error.to_string())
        }
    }
}

impl From<identity::Error> for Refusal {
    fn from(error: identity::Error) -> Self {
        match error {
            error if error.is_busy() => Self::Busy,
            identity::Error::Db(error) => error.into(),
            error => Self::Failed(error.to_string()),
        }
    }
}

impl From<db::Error> for Refusal {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Busy => Self::Busy,
            error if error.is_outage() => Self::Down(error.to_string()),
            error => Self::Failed(error.to_string()),
        }
    }
}

impl From<jose::Error> for Refusal {
    fn from(error: jose::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Refusal {
    /// A client that its profile does not let be what it is: the answer names the rule, for its operator.
    pub fn profile(invalid: &realm::Invalid) -> Self {
        let text = format!("{}: {}", invalid.field, invalid.reason);
        Wire::new(ErrorCode::UnauthorizedClient, text).into()
    }

    /// Why, for the log of the outbox: nothing of it goes on the wire.
    pub(crate) fn into_words(self) -> String {
        match self {
            Self::Because(reason) => reason.name().to_owned(),
            Self::Down(cause) | Self::Failed(cause) => cause,
            other => other.wire().1,
        }
    }

    /// What goes on the wire: the registered code and its description.
    pub fn wire(&self) -> (ErrorCode, String) {
        match self {
            Self::Because(reason) => (reason.code(), reason.description().to_owned()),
            Self::Protocol(error) => (error.code, error.description.to_string()),
            Self::TooMany(_) => (
                ErrorCode::TemporarilyUnavailable,
                "too many requests or failed attempts: try again later".to_owned(),
            ),
            Self::Busy => (
                ErrorCode::TemporarilyUnavailable,
                "the server is busy: try again".to_owned(),
            ),
            Self::Down(_) => (
                ErrorCode::TemporarilyUnavailable,
                "the server cannot answer at the moment: try again".to_owned(),
            ),
            Self::Failed(_) => (
                ErrorCode::ServerError,
                "something went wrong on our side".to_owned(),
            ),
        }
    }

    /// The HTTP status where the error is the answer itself (not a redirect).
    pub fn status(&self) -> u16 {
        match self {
            Self::Because(reason) => reason.code().status(),
            Self::Protocol(error) => error.code.status(),
            Self::TooMany(_) => 429,
            Self::Busy | Self::Down(_) => 503,
            Self::Failed(_) => 500,
        }
    }

    /// Whether the same request would be refused again; else something of ours is in its way for now.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Because(reason) => *reason != Reason::Contended,
            Self::Protocol(_) => true,
            Self::TooMany(_) | Self::Busy | Self::Down(_) | Self::Failed(_) => false,
        }
    }

    /// How long the client shall wait, in seconds.
    pub fn retry_after(&self) -> Option<i64> {
        match self {
            Self::TooMany(seconds) => Some(*seconds),
            Self::Busy | Self::Because(Reason::Contended) => Some(1),
            Self::Down(_) => Some(5),
            _ => None,
        }
    }

    /// Writes the inner reason to the log. No parameter of the request goes with it.
    pub fn log(&self, realm: &str, endpoint: &'static str, client: Option<&str>) {
        let client = client.unwrap_or("-");
        match self {
            Self::Because(reason) => {
                tracing::info!(realm, endpoint, client, reason = reason.name(), "refused");
            }
            Self::Protocol(error) => {
                tracing::info!(realm, endpoint, client, reason = %error.description, "refused");
            }
            Self::TooMany(seconds) => {
                tracing::warn!(realm, endpoint, client, seconds, "too many attempts");
            }
            Self::Busy => tracing::warn!(realm, endpoint, client, "the storage is busy"),
            Self::Down(cause) => {
                tracing::error!(realm, endpoint, client, cause, "the storage is away");
            }
            Self::Failed(cause) => tracing::error!(realm, endpoint, client, cause, "failed"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn every_description_keeps_to_the_characters_of_rfc_6749_5_2() {
        for reason in Reason::ALL {
            assert!(
                reason
                    .description()
                    .bytes()
                    .all(|b| (0x20..=0x7e).contains(&b) && b != b'"' && b != b'\\'),
                "{reason:?}"
            );
        }
    }
}
