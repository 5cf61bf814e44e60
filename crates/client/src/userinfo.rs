use oauth::claims::Userinfo;

use crate::exchange::{Request, json};
use crate::{Error, IdTokenError, Session};

impl Session {
    /// What the server says about the person now (OpenID Connect Core §5.3). The subject must be that of the ID token (§5.3.2).
    pub async fn userinfo(&self) -> Result<Userinfo, Error> {
        let client = self.client();
        let url = client.metadata().userinfo_endpoint.as_deref();
        let url = url.ok_or(Error::Unsupported("userinfo_endpoint"))?;
        let token = self.access_token().await?;
        let request = Request::get("userinfo", url).with_token(&token);
        let answer = client.send(request).await?;
        let info: Userinfo = json("userinfo", &answer)?;
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
