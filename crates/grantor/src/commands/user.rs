//! `grantor user`: people who sign in.

mod claims;

use std::io::Read;

use clap::{Args, Subcommand};
use identity::people::{self, Sessions};
use identity::{Details, Identity, Person, Profile};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::ACTOR;
use super::options::All;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
pub(super) struct User {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a person
    Create(Create),
    /// List people
    List(All),
    /// Show one person
    Show(One),
    /// Change what is said; what is not said stays
    Update(Update),
    /// Set a password and end every session
    SetPassword {
        #[command(flatten)]
        one: One,
        /// Read the password from standard input instead of asking for it
        #[arg(long)]
        password_stdin: bool,
    },
    /// Forbid signing in, and end every session and token
    Disable(One),
    /// Allow signing in again
    Enable(One),
    /// End every session and token on every device
    SignOut(One),
    /// Delete a person
    Delete(One),
}

#[derive(Args)]
struct One {
    #[command(flatten)]
    place: Place,
    /// The user name
    username: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Create {
    #[command(flatten)]
    place: Place,
    /// What they type to sign in
    #[arg(long)]
    username: String,
    /// Their e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// The address is known to be theirs
    #[arg(long, requires = "email")]
    email_verified: bool,
    /// Their name as it is shown
    #[arg(long, value_name = "NAME", default_value = "")]
    display_name: String,
    /// A group they are in; may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// What applications may learn about them, such as given_name=Ada, address.country=FR or, in a language, family_name#ja-Kana-JP=ヤマダ; may be repeated
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    claims: Vec<String>,
    /// Read the password from standard input instead of asking for it
    #[arg(long, conflicts_with = "no_password")]
    password_stdin: bool,
    /// Set no password: they cannot sign in by one
    #[arg(long)]
    no_password: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Update {
    #[command(flatten)]
    one: One,
    /// What they type to sign in from now on
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// Their e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Whether the address is known to be theirs
    #[arg(long, value_name = "true|false")]
    email_verified: Option<bool>,
    /// Their name as it is shown
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// The groups they are in, instead of those before; may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    groups: Option<Vec<String>>,
    /// What applications may learn about them, such as given_name=Ada or name#fr=Adèle; may be repeated, and NAME= takes one away
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    claims: Vec<String>,
}

impl User {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Create(create) => create.run().await,
            Action::List(All { place, json }) => list(&place, json).await,
            Action::Show(one) => one.run(Deed::Show).await,
            Action::Update(update) => update.run().await,
            Action::SetPassword {
                one,
                password_stdin,
            } => one.run(Deed::SetPassword(password_stdin)).await,
            Action::Disable(one) => one.run(Deed::Disable).await,
            Action::Enable(one) => one.run(Deed::Enable).await,
            Action::SignOut(one) => one.run(Deed::SignOut).await,
            Action::Delete(one) => one.run(Deed::Delete).await,
        }
    }
}

enum Deed {
    Show,
    SetPassword(bool),
    Disable,
    Enable,
    SignOut,
    Delete,
}

impl Create {
    async fn run(self) -> Result<(), Failure> {
        let realm = self.place.realm().await?;
        let password = if self.no_password {
            None
        } else {
            let password = read_password(self.password_stdin)?;
            let identity = Identity::new(identity::Options::default(), realm.ambient());
            Some(identity.hash_password(&self.username, password).await?)
        };
        let details = Details {
            username: self.username,
            email: self.email,
            email_verified: self.email_verified,
            display_name: self.display_name,
            groups: self.groups,
            profile: claims::apply(Profile::default(), &self.claims)?,
        };
        let person = people::create(&realm, details, password, ACTOR).await?;
        show(&person, self.json);
        Ok(())
    }
}

impl One {
    async fn run(self, deed: Deed) -> Result<(), Failure> {
        let realm = self.place.realm().await?;
        let found = people::find_by_username(&realm, &self.username).await?;
        let person = found.ok_or_else(|| format!("there is no person `{}`", self.username))?;
        let id = person.id.as_str();
        match deed {
            Deed::Show => {
                show(&person, self.json);
                return Ok(());
            }
            Deed::SetPassword(stdin) => {
                let password = read_password(stdin)?;
                let identity = Identity::new(identity::Options::default(), realm.ambient());
                let hash = identity.hash_password(&person.username, password).await?;
                people::set_password(&realm, id, hash, Sessions::End, ACTOR).await?;
            }
            Deed::Disable => people::disable(&realm, id, ACTOR).await?,
            Deed::Enable => people::enable(&realm, id, ACTOR).await?,
            Deed::SignOut => people::sign_out_everywhere(&realm, id, ACTOR).await?,
            Deed::Delete => {
                people::delete(&realm, id, ACTOR).await?;
                output::line(&format!("deleted {}", person.username));
                return Ok(());
            }
        }
        if let Some(person) = people::find(&realm, id).await? {
            show(&person, self.json);
        }
        Ok(())
    }
}

impl Update {
    async fn run(self) -> Result<(), Failure> {
        let realm = self.one.place.realm().await?;
        let username = &self.one.username;
        let found = people::find_by_username(&realm, username).await?;
        let old = found.ok_or_else(|| format!("there is no person `{username}`"))?;
        let details = Details {
            username: self.rename.unwrap_or(old.username),
            email_verified: self
                .email_verified
                .unwrap_or(self.email.is_none() && old.email_verified),
            email: self.email.or(old.email),
            display_name: self.display_name.unwrap_or(old.display_name),
            groups: self.groups.unwrap_or(old.groups),
            profile: claims::apply(old.profile, &self.claims)?,
        };
        let person = people::update(&realm, &old.id, old.version, details, ACTOR).await?;
        show(&person, self.one.json);
        Ok(())
    }
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    let realm = place.realm().await?;
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = people::list(&realm, after.as_deref(), people::PAGE_MAX).await?;
        all.extend(page.people);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if json {
        output::json(&all.iter().map(value).collect());
        return Ok(());
    }
    let rows = all
        .into_iter()
        .map(|person| {
            let state = if person.disabled { "disabled" } else { "" };
            vec![
                person.username,
                person.display_name,
                person.email.unwrap_or_default(),
                person.groups.join(", "),
                state.to_owned(),
            ]
        })
        .collect();
    output::table(
        &["User name", "Name", "E-mail", "Groups", ""],
        rows,
        "Nobody yet: grantor user create --username NAME",
    );
    Ok(())
}

fn value(person: &Person) -> Value {
    json!({
        "id": person.id, "username": person.username, "email": person.email, "email_verified": person.email_verified,
        "display_name": person.display_name, "groups": person.groups, "claims": person.profile, "disabled": person.disabled,
        "created_at": person.created_at, "updated_at": person.updated_at,
    })
}

fn show(person: &Person, json: bool) {
    if json {
        return output::json(&value(person));
    }
    let state = if person.disabled {
        "disabled"
    } else {
        "can sign in"
    };
    output::facts(&[
        ("id", person.id.clone()),
        ("user name", person.username.clone()),
        ("name", person.display_name.clone()),
        ("e-mail", person.email.clone().unwrap_or_default()),
        ("groups", person.groups.join(", ")),
        ("state", state.to_owned()),
    ]);
}

/// A password never is an argument: those are seen by every process on the machine.
fn read_password(stdin: bool) -> Result<SecretString, Failure> {
    if stdin {
        let mut text = String::new();
        std::io::stdin().take(4096).read_to_string(&mut text)?;
        let line = text.split(['\n', '\r']).next().unwrap_or_default();
        return Ok(SecretString::from(line.to_owned()));
    }
    let password = inquire::Password::new("Password:")
        .with_display_mode(inquire::PasswordDisplayMode::Hidden)
        .prompt()?;
    Ok(SecretString::from(password))
}
