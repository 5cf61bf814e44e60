//! The trust marks of whoever a chain is about (OpenID Federation 1.0 §7.3): of issuers that the anchor accepts and that are trusted themselves.

use std::time::Duration;

use oauth::federation::{Chain, Disbelief, TrustMark, TrustMarkIssuers};
use realm::settings::TrustAnchor;

use super::resolve::{Configuration, Failure, Search};

/// How long those may take that are not required.
const PATIENCE: Duration = Duration::from_secs(5);

impl Search<'_> {
    /// Whether the subject of a chain has trust marks of all these types, and until when (§7.3).
    pub(super) async fn marks(&mut self, chain: &Chain, types: &[String]) -> Result<i64, Failure> {
        let mut until = chain.expires_at();
        if types.is_empty() {
            return Ok(until);
        }
        let lacking = || Disbelief::TrustMark("one that is required is not there");
        let anchor = self
            .anchors
            .iter()
            .find(|it| it.entity_id == chain.anchor());
        let anchor = anchor.ok_or(Disbelief::Anchor)?;
        let Configuration::Found(said) = self.configuration(&anchor.entity_id).await? else {
            return Err(lacking().into());
        };
        if !said.is_signed_by(anchor.jwks.verifying()) {
            return Err(lacking().into());
        }
        let accepted = TrustMarkIssuers::of(&said)?;
        for kind in types {
            let marks = chain.configuration().trust_marks();
            let texts: Vec<&str> = marks
                .filter(|(own, _)| own == kind)
                .map(|(_, text)| text)
                .collect();
            let mut problem = lacking().into();
            let mut good = None;
            for text in texts {
                match self.mark(chain, (kind, text), (anchor, &accepted)).await {
                    Ok(ends) => good = Some(ends),
                    Err(failure) => problem = failure,
                }
            }
            until = until.min(good.ok_or(problem)?);
        }
        Ok(until)
    }

    /// The trust marks of the subject of a chain that are good, by type and text, and until when all of them count. What is wrong with others is no matter.
    pub(super) async fn good_marks(&mut self, chain: &Chain) -> (Vec<(String, String)>, i64) {
        let (mut good, mut until) = (Vec::new(), i64::MAX);
        let look = async {
            let anchor = self.anchors.iter();
            let anchor = anchor.clone().find(|it| it.entity_id == chain.anchor())?;
            let Ok(Configuration::Found(said)) = self.configuration(&anchor.entity_id).await else {
                return None;
            };
            if !said.is_signed_by(anchor.jwks.verifying()) {
                return None;
            }
            let accepted = TrustMarkIssuers::of(&said).ok()?;
            for (kind, text) in chain.configuration().trust_marks() {
                if let Ok(ends) = self.mark(chain, (kind, text), (anchor, &accepted)).await {
                    good.push((kind.to_owned(), text.to_owned()));
                    until = until.min(ends);
                }
            }
            Some(())
        };
        // Those that are found in time count.
        let _ = tokio::time::timeout(PATIENCE, look).await;
        (good, until)
    }

    async fn mark(
        &mut self,
        chain: &Chain,
        (kind, text): (&str, &str),
        (anchor, accepted): (&TrustAnchor, &TrustMarkIssuers),
    ) -> Result<i64, Failure> {
        let mark = TrustMark::parse(text)?;
        if mark.kind != kind {
            return Err(Disbelief::TrustMark("it is of another type").into());
        }
        // Before anybody is asked because of it.
        if !accepted.accepts(kind, &mark.issuer) {
            return Err(
                Disbelief::TrustMark("the federation does not accept it from its issuer").into(),
            );
        }
        if mark.issuer == anchor.entity_id {
            let keys = anchor.jwks.verifying();
            return Ok(mark.judge(chain.subject(), keys, accepted, self.now)?);
        }
        let Configuration::Found(issuer) = self.configuration(&mark.issuer).await? else {
            return Err(Disbelief::TrustMark("its issuer is no entity").into());
        };
        let trusted = self.chain(*issuer, Some(&anchor.entity_id)).await?;
        let ends = mark.judge(chain.subject(), trusted.keys(), accepted, self.now)?;
        Ok(ends.min(trusted.expires_at()))
    }
}
