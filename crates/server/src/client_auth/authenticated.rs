//! Who has proved who it is. What proves it once only is spent in the commit that makes the request true, or before the answer leaves.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use db::{Batch, Committed, params};
use oauth::claims::Confirmation;
use realm::{Client, GrantType, Realm};

use super::sql;
use crate::call::Call;
use crate::commit::outcome;
use crate::dpop;
use crate::refusal::{Reason, Refusal};
use crate::tokens::access_token::Holder;

/// A client that proved who it is, as far as its registration asks for proof.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient {
    client: Arc<Client>,
    assertion: Option<Arc<Assertion>>,
    /// What the request proves to have, so that what it gets is bound to that.
    confirmation: Option<Confirmation>,
    proof: Option<Arc<dpop::Accepted>>,
    /// What a trusted issuer signed about it, if that is how it authenticated.
    vouched_for_by: Option<Arc<str>>,
    /// The key of its instance, if an attester vouches for that.
    instance: Option<Arc<Confirmation>>,
}

/// An assertion that was verified and counts once.
#[derive(Debug)]
pub(super) struct Assertion {
    /// The SHA-256 of the client and the `jti`, base64url.
    hash: String,
    /// Until when it is remembered (unix seconds).
    keep_until: i64,
    spent: AtomicBool,
}

/// How much longer a used assertion is kept than it is believed, in seconds: the clocks of nodes differ.
const MARGIN: i64 = 60;

impl Assertion {
    /// One that would be believed `until` then.
    pub(super) fn new(client: &str, jti: &str, until: i64) -> Self {
        let (hash, keep_until) = assertion_hash(client, jti, until);
        Self {
            hash,
            keep_until,
            spent: AtomicBool::new(false),
        }
    }
}

/// What an assertion is remembered by that would be believed `until` then, and until when it is remembered.
pub(crate) fn assertion_hash(who: &str, jti: &str, until: i64) -> (String, i64) {
    let named = [who.as_bytes(), &[0], jti.as_bytes()].concat();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &named);
    (
        jose::base64url::encode(digest),
        until.saturating_add(MARGIN),
    )
}

impl Deref for AuthenticatedClient {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl AuthenticatedClient {
    pub(super) fn new(client: Arc<Client>, assertion: Option<Assertion>) -> Self {
        Self {
            client,
            assertion: assertion.map(Arc::new),
            confirmation: None,
            proof: None,
            vouched_for_by: None,
            instance: None,
        }
    }

    /// Of which this instance, by the thumbprint of its key, is what authenticated.
    pub(super) fn instance(mut self, jkt: Option<String>) -> Self {
        self.instance = jkt.map(|jkt| Arc::new(Confirmation::key(jkt)));
        self
    }

    /// What its refresh tokens are used with: by an attested instance its key (draft-ietf-oauth-attestation-based-client-auth §8), by others what the request
    /// proves.
    pub(crate) fn refreshes_with(&self) -> Option<&Confirmation> {
        self.instance.as_deref().or(self.confirmation())
    }

    /// Authenticated by this text of a trusted issuer.
    pub(super) fn vouched_for_by(mut self, text: Arc<str>) -> Self {
        self.vouched_for_by = Some(text);
        self
    }

    /// Whether this is the text by which it authenticated.
    pub(crate) fn is_vouched_for_by(&self, text: &str) -> bool {
        self.vouched_for_by.as_deref() == Some(text)
    }

    /// Binds what the client gets to the key of a proof.
    pub(super) fn bind(&mut self, proof: dpop::Accepted) {
        let confirmation = self.confirmation.get_or_insert_default();
        confirmation.jkt = Some(proof.jkt().to_owned());
        self.proof = Some(Arc::new(proof));
    }

    /// Binds what the client gets to the certificate of the connection, if that is how it is registered, or if its profile wants it bound and there is
    /// nothing else to bind it to.
    ///
    /// # Errors
    /// [`Reason::CertificateNeeded`], [`Reason::ProfileUnbound`].
    pub(crate) fn bind_certificate(&mut self, call: &Call) -> Result<(), Reason> {
        let profile = self.profile(&call.realm.settings());
        let unbound = profile.demands_bound_tokens() && self.confirmation.is_none();
        if unbound
            && !self.tls_client_certificate_bound_access_tokens
            && call.certificate().is_none()
        {
            return Err(Reason::ProfileUnbound);
        }
        if self.tls_client_certificate_bound_access_tokens || unbound {
            let der = call.certificate().ok_or(Reason::CertificateNeeded)?;
            let confirmation = self.confirmation.get_or_insert_default();
            confirmation.x5t_s256 = Confirmation::of_certificate(der).x5t_s256;
        }
        Ok(())
    }

    /// The same, bound to the certificate of the connection too; `None` when it is already, or when there is none.
    pub(crate) fn certified(&self, call: &Call) -> Option<Self> {
        let der = call.certificate()?;
        let mut certified = self.clone();
        let confirmation = certified.confirmation.get_or_insert_default();
        let bare = confirmation.x5t_s256.is_none();
        confirmation.x5t_s256 = Confirmation::of_certificate(der).x5t_s256;
        bare.then_some(certified)
    }

    /// What its tokens are bound to.
    pub(crate) fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_ref()
    }

    /// The DPoP proof of the request.
    pub(crate) fn proof(&self) -> Option<&dpop::Accepted> {
        self.proof.as_deref()
    }

    /// To whom its access tokens are issued.
    pub(crate) fn holder(&self) -> Holder<'_> {
        Holder {
            client: &self.client,
            confirmation: self.confirmation(),
            may_act: self.client.may_act.as_ref(),
        }
    }

    /// The key of its instance, if an attester vouches for that.
    pub(crate) fn instance_key(&self) -> Option<&Confirmation> {
        self.instance.as_deref()
    }

    /// Whether it is registered for the grant.
    ///
    /// # Errors
    /// [`Reason::GrantTypeNotRegistered`].
    pub(crate) fn check_registered(&self, grant: GrantType) -> Result<(), Reason> {
        if self.allows_grant(grant) {
            Ok(())
        } else {
            Err(Reason::GrantTypeNotRegistered)
        }
    }

    /// The batch of what this client does. It begins with the proof that counts once, if that is how the client authenticated.
    pub(crate) fn batch(&self, realm: &Realm) -> Batch {
        let mut batch = self.refusal(realm);
        if let Some(proof) = &self.proof {
            proof.spend(realm, &mut batch);
        }
        batch
    }

    /// The batch of what a request is refused with. It spends no DPoP proof: one that was used before must not undo the rest.
    pub(crate) fn refusal(&self, realm: &Realm) -> Batch {
        let mut batch = Batch::new();
        if let Some(assertion) = self.unspent() {
            let values = params![realm.name(), &assertion.hash, assertion.keep_until];
            batch.run(&sql::SPEND_ASSERTION, values);
        }
        batch
    }

    /// Commits a [`batch`](Self::batch); `None` when a guard did not hold, so that the caller loads and decides again.
    ///
    /// # Errors
    /// [`Reason::ClientAssertionReplayed`] when the proof was used before, at whichever node; else as [`crate::commit::commit`].
    pub(crate) async fn commit(
        &self,
        realm: &Realm,
        batch: Batch,
    ) -> Result<Option<Committed>, Refusal> {
        let spends = batch.contains(&sql::SPEND_ASSERTION);
        let proves = batch.contains(&dpop::sql::SPEND_PROOF);
        let result = realm.commit(batch).await;
        if matches!(&result, Err(error) if error.is_unique(&sql::SPEND_ASSERTION)) {
            return Err(Reason::ClientAssertionReplayed.into());
        }
        if matches!(&result, Err(error) if error.is_unique(&dpop::sql::SPEND_PROOF)) {
            return Err(Reason::ProofReplayed.into());
        }
        let committed = outcome(result)?;
        if let (true, Some(proof), true) = (proves, &self.proof, committed.is_some()) {
            proof.set_spent();
        }
        if let (true, Some(assertion), true) = (spends, &self.assertion, committed.is_some()) {
            assertion.spent.store(true, Ordering::Relaxed);
        }
        Ok(committed)
    }

    /// Spends the proof, if no commit of the request has done so: after this the answer may leave. A DPoP proof is spent only by what was `granted`: with
    /// the name of a public client anybody could fill the table with those of refused requests.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub(super) async fn settle(&self, realm: &Realm, granted: bool) -> Result<(), Refusal> {
        let proof = self
            .proof
            .as_deref()
            .is_some_and(dpop::Accepted::is_unspent);
        let settled = if granted && proof {
            self.commit(realm, self.batch(realm)).await.map(drop)
        } else {
            Ok(())
        };
        // By itself: beside a DPoP proof that was used before it would stay good for another request.
        if self.unspent().is_some() {
            self.commit(realm, self.refusal(realm)).await?;
        }
        settled
    }

    fn unspent(&self) -> Option<&Assertion> {
        self.assertion
            .as_deref()
            .filter(|assertion| !assertion.spent.load(Ordering::Relaxed))
    }
}
