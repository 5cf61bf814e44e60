use oauth::claims::Userinfo;

use crate::client::Client;
use crate::exchange::{Request, json, refused};
use crate::{Error, IdTokenError, Session};

impl Session {
    /// What the server says about the person now (OpenID Connect Core §5.3). The subject must be that of the ID token (§5.3.2).
    pub async fn userinfo(&self) -> Result<Userinfo, Error> {
        let client = self.client();
        let url = client.metadata().userinfo_endpoint.as_deref();
        let url = client.endpoint("userinfo_endpoint", url);
        let url = url.ok_or(Error::Unsupported("userinfo_endpoint"))?;
        let token = self.access_token().await?;
        let request = Request::get("userinfo", url).with_token(&token);
        let answer = client.send(request).await?;
        let info = read(client, &answer).await?;
        let claims = self.claims().ok_or(Error::IdToken(IdTokenError::Missing))?;
        if info.sub == claims.sub {
            Ok(info)
        } else {
            Err(Error::Response {
                endpoint: "userinfo",
                status: answer.status.as_u16(),
                reason: "it speaks of another person than the ID token",
            })
        }
    }
}

/// The answer as the client registered it: plain, or signed and encrypted (§5.3.2).
async fn read(client: &Client, answer: &fetch::Response) -> Result<Userinfo, Error> {
    if client.expects_plain_userinfo() {
        return json("userinfo", answer);
    }
    if answer.status != http::StatusCode::OK {
        return Err(refused("userinfo", answer));
    }
    let wrong = |reason| Error::Response {
        endpoint: "userinfo",
        status: answer.status.as_u16(),
        reason,
    };
    let text = answer.text().map_err(|_| wrong("the body is not text"))?;
    let opened = client.opened_userinfo(text.trim()).await?;
    opened.map_err(|_| wrong("it is not signed or encrypted as the client registered"))
}
