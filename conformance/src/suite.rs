//! The suite's REST interface, as far as it is needed.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, Method, tls::TlsInfo};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::Failure;

/// A suite that is running.
pub(crate) struct Suite {
    base: Url,
    client: Client,
    /// Its certificate (DER), which grantor must trust where it fetches a client's keys or request objects. None over plain http.
    pub(crate) certificate: Option<Vec<u8>>,
}

/// One module of a plan that was made.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) test_module: String,
    /// The variant that the plan runs it with.
    pub(crate) variant: Option<Map<String, Value>>,
}

/// A plan that was made.
#[derive(Debug, Deserialize)]
pub(crate) struct Made {
    /// Its identifier.
    pub(crate) id: String,
    /// What it runs.
    pub(crate) modules: Vec<Entry>,
}

/// Where a module is.
#[derive(Debug, Deserialize)]
pub(crate) struct State {
    /// `CREATED`, `CONFIGURED`, `RUNNING`, `WAITING`, `FINISHED` or `INTERRUPTED`.
    pub(crate) status: String,
    /// `PASSED`, `REVIEW`, `SKIPPED`, `WARNING` or `FAILED`, once there is one.
    pub(crate) result: Option<String>,
}

/// One line of a module's log, as far as it is needed.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Line {
    /// What wrote it: the condition's name.
    #[serde(default)]
    pub(crate) src: String,
    /// What it says.
    #[serde(default)]
    pub(crate) msg: String,
    /// `SUCCESS`, `FAILURE`, `WARNING`, …, where it judges.
    pub(crate) result: Option<String>,
    /// The sections that it tests.
    #[serde(default)]
    pub(crate) requirements: Vec<String>,
}

impl Suite {
    /// Connects to it. On this machine its certificate is its own affair: it is believed whoever signed it.
    pub(crate) async fn open(base: &Url) -> Result<Self, Failure> {
        let addresses = base.socket_addrs(|| None)?;
        let loopback = addresses.iter().all(|address| address.ip().is_loopback());
        let client = Client::builder()
            .tls_danger_accept_invalid_certs(loopback)
            .tls_info(true)
            .timeout(Duration::from_secs(60))
            .build()?;
        let answer = client.get(base.join("/api/server")?).send().await?;
        let certificate = answer.extensions().get::<TlsInfo>();
        let certificate = certificate
            .and_then(TlsInfo::peer_certificate)
            .map(<[u8]>::to_vec);
        Ok(Self {
            base: base.clone(),
            client,
            certificate,
        })
    }

    /// Its base URL without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Its version and revision.
    pub(crate) async fn version(&self) -> Result<String, Failure> {
        let server = self.call(Method::GET, "/api/server", &[], None).await?;
        let part = |name: &str| server[name].as_str().unwrap_or("unknown").to_owned();
        Ok(format!("{} ({})", part("version"), part("revision")))
    }

    /// Makes a plan.
    pub(crate) async fn make_plan(
        &self,
        name: &str,
        variant: &str,
        configuration: &Value,
    ) -> Result<Made, Failure> {
        let mut query = vec![("planName", name)];
        if variant != "{}" {
            query.push(("variant", variant));
        }
        let made = self.call(Method::POST, "/api/plan", &query, Some(configuration));
        Ok(serde_json::from_value(made.await?)?)
    }

    /// Makes a module of a plan and answers its identifier; most start by themselves.
    pub(crate) async fn make_module(&self, plan: &str, entry: &Entry) -> Result<String, Failure> {
        let variant = entry
            .variant
            .as_ref()
            .map(serde_json::to_string)
            .transpose()?;
        let mut query = vec![("test", entry.test_module.as_str()), ("plan", plan)];
        query.extend(variant.as_deref().map(|variant| ("variant", variant)));
        let made = self.call(Method::POST, "/api/runner", &query, None).await?;
        let id = made["id"]
            .as_str()
            .ok_or("the suite gave the module no id")?;
        Ok(id.to_owned())
    }

    /// Starts a module that waits for it.
    pub(crate) async fn start(&self, id: &str) -> Result<(), Failure> {
        let path = format!("/api/runner/{id}");
        self.call(Method::POST, &path, &[], None).await?;
        Ok(())
    }

    /// Ends a module that does not end by itself.
    pub(crate) async fn cancel(&self, id: &str) -> Result<(), Failure> {
        let path = format!("/api/runner/{id}");
        self.call(Method::DELETE, &path, &[], None).await?;
        Ok(())
    }

    /// Where a module is.
    pub(crate) async fn state(&self, id: &str) -> Result<State, Failure> {
        let path = format!("/api/info/{id}");
        let state = self.call(Method::GET, &path, &[], None).await?;
        Ok(serde_json::from_value(state)?)
    }

    /// What a module that waits wants to be told of: names and addresses.
    pub(crate) async fn exposed(&self, id: &str) -> Result<BTreeMap<String, Value>, Failure> {
        let path = format!("/api/runner/{id}");
        let state = self.call(Method::GET, &path, &[], None).await?;
        let exposed = state.get("exposed").cloned().unwrap_or_default();
        Ok(serde_json::from_value(exposed).unwrap_or_default())
    }

    /// Opens an address of the suite's, as a wallet would that a person sends there. What it answers is in the module's log.
    pub(crate) async fn visit(&self, url: &str) -> Result<(), Failure> {
        self.client.get(url).send().await?;
        Ok(())
    }

    /// A module's log, as the suite gives it.
    pub(crate) async fn log(&self, id: &str) -> Result<Vec<Value>, Failure> {
        let path = format!("/api/log/{id}");
        let log = self.call(Method::GET, &path, &[], None).await?;
        Ok(serde_json::from_value(log)?)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut url = self.base.join(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.client.request(method, url);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            return Err(format!("{path}: the suite answers {status}: {text}").into());
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_str(&text)?)
    }
}
