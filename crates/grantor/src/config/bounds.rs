//! The settings about what goes out, and how often an endpoint may be asked.

use std::path::PathBuf;

use server::RequestRate;

use super::settings::{Given, Setting};

impl Given {
    fn rate(&self) -> Result<Option<RequestRate>, String> {
        RequestRate::parse(self.text()?)
    }
}

/// What goes out: documents and keys of clients, and what they are told.
pub(super) static OUTBOUND: &[Setting] = &[
    Setting {
        key: "outbound.proxy",
        words: "The http proxy through which grantor fetches what applications name (their keys, their documents) and calls them. It resolves their names, so it \
                has to keep private networks out of reach.",
        default: "none; the environment's own is not read",
        apply: |c, v| {
            let text = v.text()?;
            let url = url::Url::parse(text).map_err(|_| format!("`{text}` is not a URL"))?;
            if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
                return Err("must be an http URL such as http://proxy.example:3128".into());
            }
            c.outbound_proxy = Some(url);
            Ok(())
        },
    },
    Setting {
        key: "outbound.authorities",
        words: "Certificate authorities (PEM) that are believed there beside the system's.",
        default: "none",
        apply: |c, v| {
            c.outbound_authorities = Some(PathBuf::from(v.text()?));
            Ok(())
        },
    },
    Setting {
        key: "outbound.networks",
        words: "Private networks (CIDR) that may be reached there, by https; all others are refused, in whatever form their addresses are written.",
        default: "none",
        apply: |c, v| {
            let network = |text: &String| {
                text.parse()
                    .map_err(|_| format!("`{text}` is not a network such as 10.20.0.0/16"))
            };
            c.outbound_networks = v.list().iter().map(network).collect::<Result<_, _>>()?;
            Ok(())
        },
    },
];

/// How often an endpoint may be asked.
pub(super) static LIMITS: &[Setting] = &[
    Setting {
        key: "limits.token",
        words: "How often one client may ask /token from one address (an IPv6 /64 is one), such as `100/s`, `600/m` or `off`; all clients of one address \
                together may ten times as often. Beyond that: 429 with Retry-After. What fails is bounded in any case: of one client from one address thirty \
                wrong secrets, codes or tokens at once, then one in ten seconds.",
        default: "off: what succeeds costs microseconds",
        apply: |c, v| {
            c.limits.token = v.rate()?;
            Ok(())
        },
    },
    Setting {
        key: "limits.introspection",
        words: "The same for /introspect.",
        default: "off: the same",
        apply: |c, v| {
            c.limits.introspection = v.rate()?;
            Ok(())
        },
    },
    Setting {
        key: "limits.pushed_authorization_request",
        words: "The same for /par.",
        default: "100/s",
        apply: |c, v| {
            c.limits.pushed_authorization_request = v.rate()?;
            Ok(())
        },
    },
    Setting {
        key: "limits.device_authorization",
        words: "The same for /device_authorization.",
        default: "60/m",
        apply: |c, v| {
            c.limits.device_authorization = v.rate()?;
            Ok(())
        },
    },
    Setting {
        key: "limits.backchannel_authentication",
        words: "The same for /bc-authorize.",
        default: "100/s",
        apply: |c, v| {
            c.limits.backchannel_authentication = v.rate()?;
            Ok(())
        },
    },
    Setting {
        key: "limits.shared_signals",
        words: "The same for /ssf, where receivers of security events make streams and fetch events.",
        default: "1200/m",
        apply: |c, v| {
            c.limits.shared_signals = v.rate()?;
            Ok(())
        },
    },
    Setting {
        key: "limits.approvals",
        words: "How often one application may ask one person for approval (CIBA); all applications together may four times as often. Never `off`: whoever is asked \
                without end approves in the end.",
        default: "5 at once, then one a minute",
        apply: |c, v| {
            let rate = v.rate()?.ok_or("people cannot be asked without end")?;
            c.approvals = Some(rate);
            Ok(())
        },
    },
    Setting {
        key: "limits.registration",
        words: "How often one address may ask /register.",
        default: "60/h",
        apply: |c, v| {
            c.limits.registration = v.rate()?;
            Ok(())
        },
    },
    Setting {
        key: "limits.registration_in_realm",
        words: "How many clients may register in one realm, from wherever.",
        default: "3600/h",
        apply: |c, v| {
            c.limits.registration_in_realm = v.rate()?;
            Ok(())
        },
    },
    Setting {
        key: "limits.client_id_documents",
        words: "How many documents of clients are fetched, and entities of federations sought or resolved, because one address names them.",
        default: "60/m",
        apply: |c, v| {
            c.limits.client_id_documents = v.rate()?;
            Ok(())
        },
    },
];
