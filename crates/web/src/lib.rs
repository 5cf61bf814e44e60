//! What every page and endpoint needs of HTTP, and nothing of OAuth: forms, cookies, the page shell and its stylesheet, security headers, CORS,
//! the origin check, client addresses, limits, tracing and the accept loop. How templates of other crates extend the shell: see [`page`].

pub mod address;
pub mod assets;
pub mod client_certificate;
pub mod cookie;
pub mod cors;
pub mod document;
mod edge;
pub mod fallback;
pub mod form;
pub mod headers;
pub mod json;
pub mod limit;
pub mod origin;
pub mod page;
pub mod serve;
pub mod theme;
pub mod trace;

pub use edge::edge;
pub use ipnet::IpNet;
