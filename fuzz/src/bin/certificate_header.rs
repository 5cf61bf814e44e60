//! The header in which a proxy passes a client's certificate on, and the certificate in it.
#![no_main]

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use web::client_certificate::{CertificateFormat, CertificateHeader};

fuzz_target!(|data: &[u8]| {
    for (_, format) in CertificateFormat::NAMED {
        let Some(header) = CertificateHeader::named("x-client-cert") else {
            continue;
        };
        let header = header.in_format(format);
        let mut headers = HeaderMap::new();
        for value in data.split(|byte| *byte == b'\n') {
            let Ok(value) = HeaderValue::from_bytes(value) else {
                continue;
            };
            headers.append(header.name().clone(), value);
        }
        let sent = headers.get_all(header.name()).iter().count();
        if let Ok(Some(_)) = header.read(&headers) {
            assert_eq!(sent, 1);
        }
    }
});
