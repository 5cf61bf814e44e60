//! Documents that describe a server (RFC 8414, OpenID Connect Discovery), a client (RFC 7591) and an API (RFC 9728), and where they are found.

mod client;
mod resource;
mod server;
mod well_known;

pub use client::ClientMetadata;
pub use resource::ProtectedResourceMetadata;
pub use server::ServerMetadata;
pub use well_known::{WellKnown, protected_resource_url, well_known_urls};
