//! Worlds that listen on a socket, for clients that know nothing of routers.

use tokio::net::TcpListener;
use web::serve::{Listener, ServeOptions, Tls, serve};

use super::World;

impl World {
    /// Another world on the same engine, which listens where its issuer says.
    pub async fn listening(&self) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let address = listener.local_addr().expect("an address");
        let world = self.another(&format!("http://{address}")).await;
        let router = world.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        world
    }

    /// The same with TLS, where it asks for certificates; and the PEM of the authority that callers must trust.
    pub async fn listening_with_tls(&self) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let port = listener.local_addr().expect("an address").port();
        let world = self.another(&format!("https://localhost:{port}")).await;
        let router = world.router();
        (world, serve_with_tls(listener, router))
    }
}

/// Serves with a certificate of its own for `localhost`, and asks for those of callers; hands back the PEM that callers must trust.
pub fn serve_with_tls(listener: TcpListener, router: axum::Router) -> String {
    serve_as(&["localhost"], listener, router)
}

/// The same for other names and addresses.
pub fn serve_as(names: &[&str], listener: TcpListener, router: axum::Router) -> String {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let own = rcgen::generate_simple_self_signed(names);
    let own = own.expect("a certificate");
    let (pem, key) = (own.cert.pem(), own.signing_key.serialize_pem());
    let tls = Tls::asking_from_pem(pem.as_bytes(), key.as_bytes()).expect("TLS");
    let listener = Listener::with_tls(listener, tls);
    tokio::spawn(serve(vec![listener], router, ServeOptions::default()));
    pem
}
