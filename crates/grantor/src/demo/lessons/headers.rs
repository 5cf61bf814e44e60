//! Headers of requests and responses.

super::lessons! {
    "Authorization: Basic" [RequestHeader]
        "The application proves that it is itself, with its id and its secret."
        "redeeming by anybody else of what was meant for this application."
        "RFC 6749 §2.3.1";
    "Authorization: Bearer" [RequestHeader]
        "The access token. Whoever bears it is let in, so it goes over TLS (loopback is the exception) and never into a URL."
        "" "RFC 6750 §2.1";
    "www-authenticate" [ResponseHeader]
        "The challenge: what the API wants to see, and what was wrong with what it saw."
        "" "RFC 6750 §3";
    "cache-control" [ResponseHeader]
        "Who may keep a copy: `no-store` forbids it to everybody, `max-age` allows it for so many seconds."
        "tokens and personal data that stay behind in a cache."
        "RFC 9111 §5.2.2";
    "content-type" [ResponseHeader]
        "The format of the body."
        "" "RFC 9110 §8.3";
    "etag" [ResponseHeader]
        "The version of the document: whoever has it already need not fetch it again."
        "" "RFC 9110 §8.8.3";
    "retry-after" [ResponseHeader]
        "How many seconds to wait before the next try."
        "guessing at full speed."
        "RFC 9110 §10.2.3";
}
