use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use reqwest::redirect;
use url::{Url, form_urlencoded};

use crate::resolver::{self, GuardedResolver, Lookup};
use crate::{Error, FetchOptions, guard};

/// An HTTP client within limits; clones share its connections.
#[derive(Clone, Debug)]
pub struct Fetch {
    client: reqwest::Client,
    options: Arc<FetchOptions>,
}

/// What came back, whatever its status: a redirect or an error is a response too.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body, at most [`FetchOptions::max_bytes`].
    pub body: Bytes,
}

impl Response {
    /// The body as text.
    ///
    /// # Errors
    /// [`Error::Text`] when it is not UTF-8.
    pub fn text(&self) -> Result<&str, Error> {
        std::str::from_utf8(&self.body).map_err(|_| Error::Text)
    }

    /// The `name` header's value, when it is there and printable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type, in lower case and without parameters.
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        let essence = value.split(';').next().unwrap_or_default().trim();
        Some(essence.to_ascii_lowercase())
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Fetch {
    /// A client that keeps to `options`.
    ///
    /// # Errors
    /// [`Error::Options`] when the proxy, a root certificate or the client's own certificate cannot be used.
    pub fn new(options: FetchOptions) -> Result<Self, Error> {
        Self::asking(options, &resolver::system())
    }

    /// A client that asks somebody else than the system where names lead.
    pub(crate) fn asking(options: FetchOptions, lookup: &Lookup) -> Result<Self, Error> {
        let options = Arc::new(options);
        let roots = roots(&options)?;
        let system = builder(&options, lookup)?
            .tls_certs_merge(roots.clone())
            .build();
        let client = match system {
            Ok(client) => client,
            Err(_) => {
                // A machine without certificate authorities of its own, as in a bare container, still reaches loopback and its extra roots.
                let bare = builder(&options, lookup)?.tls_certs_only(roots).build();
                let client = bare.map_err(|_| Error::Options("the user agent or the roots"))?;
                tracing::warn!("the system has no certificate authorities: https will fail");
                client
            }
        };
        Ok(Self { client, options })
    }

    /// The limits this client keeps to.
    pub fn options(&self) -> &FetchOptions {
        &self.options
    }

    /// `GET url`, asking for JSON.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get(&self, url: &str) -> Result<Response, Error> {
        self.get_with(url, &[]).await
    }

    /// `GET url` with `headers`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Result<Response, Error> {
        self.send(Method::GET, url, headers, None).await
    }

    /// `POST url` with `pairs` as a form.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn post_form<N, V>(
        &self,
        url: &str,
        pairs: &[(N, V)],
        headers: &[(&str, &str)],
    ) -> Result<Response, Error>
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        let body = ("application/x-www-form-urlencoded", Bytes::from(body));
        self.send(Method::POST, url, headers, Some(body)).await
    }

    /// `POST url` with `json`, which is sent as it stands.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn post_json(
        &self,
        url: &str,
        json: String,
        headers: &[(&str, &str)],
    ) -> Result<Response, Error> {
        let body = ("application/json", Bytes::from(json));
        self.send(Method::POST, url, headers, Some(body)).await
    }

    /// Any request: `body` is its content type and its bytes.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, Bytes)>,
    ) -> Result<Response, Error> {
        let url = Url::parse(url).map_err(|_| Error::Url)?;
        guard::check_url(&url, &self.options)?;
        let mut map = HeaderMap::new();
        map.insert(
            ACCEPT,
            HeaderValue::from_static("application/json, */*;q=0.1"),
        );
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Error::Header)?;
            map.insert(
                name,
                HeaderValue::from_str(value).map_err(|_| Error::Header)?,
            );
        }
        let mut request = self.client.request(method, url);
        if let Some((content_type, bytes)) = body {
            let value = HeaderValue::from_str(content_type).map_err(|_| Error::Header)?;
            map.insert(CONTENT_TYPE, value);
            request = request.body(bytes);
        }
        let response = request.headers(map).send().await.map_err(reason)?;
        self.read(response).await
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Response, Error> {
        let limit = self.options.max_bytes;
        let announced = response.content_length().unwrap_or(0);
        if usize::try_from(announced).map_or(true, |bytes| bytes > limit) {
            return Err(Error::TooLarge);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(reason)? {
            if body.len() + chunk.len() > limit {
                return Err(Error::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: Bytes::from(body),
        })
    }
}

fn builder(options: &Arc<FetchOptions>, lookup: &Lookup) -> Result<reqwest::ClientBuilder, Error> {
    let builder = reqwest::Client::builder()
        .timeout(options.timeout)
        .connect_timeout(options.connect_timeout)
        .user_agent(&options.user_agent)
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .dns_resolver(GuardedResolver::new(options.clone(), lookup.clone()));
    let builder = match &options.identity {
        None => builder,
        Some(identity) => builder.identity(
            reqwest::Identity::from_pem(identity.pem().as_bytes())
                .map_err(|_| Error::Options("the client's certificate and its key"))?,
        ),
    };
    let Some(proxy) = &options.proxy else {
        return Ok(builder);
    };
    let proxy =
        reqwest::Proxy::all(proxy.clone()).map_err(|_| Error::Options("the proxy's address"))?;
    let direct = options
        .allow_loopback
        .then(|| reqwest::NoProxy::from_string("localhost,127.0.0.0/8,::1"))
        .flatten();
    Ok(builder.proxy(proxy.no_proxy(direct)))
}

fn roots(options: &FetchOptions) -> Result<Vec<reqwest::Certificate>, Error> {
    let mut roots = Vec::new();
    for pem in &options.extra_roots {
        let bundle = reqwest::Certificate::from_pem_bundle(pem.as_bytes());
        match bundle {
            Ok(bundle) if !bundle.is_empty() => roots.extend(bundle),
            _ => return Err(Error::Options("a root certificate")),
        }
    }
    Ok(roots)
}

/// What went wrong, without reqwest's text: that holds the URL. A refusal of our own resolver is found among the causes.
fn reason(error: reqwest::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(ours) = inner.downcast_ref::<Error>() {
            return *ours;
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        Error::Timeout
    } else if error.is_connect() {
        Error::Connect
    } else {
        Error::Protocol
    }
}
