//! The commands. Each file is one; each `--help` is enough to use it.

mod client;
mod credential;
mod demo;
mod doctor;
mod federation;
mod given;
mod key;
mod login;
mod options;
mod realm;
mod resource;
mod retired_grants;
mod serve;
mod session;
mod stream;
mod token;
mod trust;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// An OAuth 2.1 and OpenID Connect system in one binary.
///
/// Start with `grantor demo`, which needs nothing; run a real one with `grantor serve`.
#[derive(Parser)]
#[command(name = "grantor", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Try everything: a server, a demo application and a demo API on one loopback address.
    Demo(demo::Demo),
    /// Run the server.
    Serve(serve::Serve),
    /// People who sign in.
    User(user::User),
    /// Applications that get tokens.
    Client(Box<client::Client>),
    /// APIs that receive tokens, with their scopes.
    Resource(resource::Resource),
    /// What is issued as verifiable credentials, for people's wallets.
    Credential(Box<credential::Credential>),
    /// Whose signed word counts besides our own: CI jobs, pods, identity providers.
    Trust(Box<trust::Trust>),
    /// For whom the realm vouches in federations (OpenID Federation).
    Federation(federation::Federation),
    /// Tenants and their settings.
    Realm(realm::RealmCommand),
    /// The keys that sign tokens.
    Key(key::Key),
    /// Where people are signed in, and ending that.
    Session(session::SessionCommand),
    /// To whom security signals go.
    Stream(stream::StreamCommand),
    /// Look into a token, get one, or end one.
    Token(token::Token),
    /// Look at a deployment and say what to mend, the worst first.
    Doctor(doctor::Doctor),
    /// Sign in at an issuer from this terminal, as a command-line application would.
    Login(login::Login),
}

/// Who did it, in the audit.
const ACTOR: Option<&str> = Some(ACTOR_NAME);
const ACTOR_NAME: &str = "command line";

impl Cli {
    /// Runs the command to its end. Errors are one line on standard error, with exit status 1.
    pub fn run(self) -> ExitCode {
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => return fail(&error.into()),
        };
        let outcome = runtime.block_on(async {
            match self.command {
                Command::Demo(c) => c.run().await,
                Command::Serve(c) => c.run().await,
                Command::User(c) => c.run().await,
                Command::Client(c) => c.run().await,
                Command::Resource(c) => c.run().await,
                Command::Credential(c) => c.run().await,
                Command::Trust(c) => c.run().await,
                Command::Federation(c) => c.run().await,
                Command::Realm(c) => c.run().await,
                Command::Key(c) => c.run().await,
                Command::Session(c) => c.run().await,
                Command::Stream(c) => c.run().await,
                Command::Token(c) => c.run().await,
                Command::Doctor(c) => c.run().await,
                Command::Login(c) => c.run().await,
            }
        });
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error),
        }
    }
}

fn fail(error: &Failure) -> ExitCode {
    use std::io::Write;
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    let _ = writeln!(std::io::stderr(), "grantor: {text}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn no_command_has_two_options_of_one_name() {
        Cli::command().debug_assert();
    }

    fn options(command: &clap::Command, known: &mut BTreeSet<String>) {
        let long = command.get_arguments().filter_map(clap::Arg::get_long);
        known.extend(long.map(str::to_owned));
        for below in command.get_subcommands() {
            options(below, known);
        }
    }

    /// Whoever follows the pages for operators must not meet an option that is not there.
    #[test]
    fn the_options_that_the_documentation_names_are_there() {
        let mut known = BTreeSet::new();
        options(&Cli::command(), &mut known);
        for page in ["openid-connect", "signing-out", "claims"] {
            let path = format!("{}/../../docs/{page}.md", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(path).unwrap();
            let words = text.split(|letter: char| !(letter.is_ascii_lowercase() || letter == '-'));
            let named = words.filter_map(|word| word.strip_prefix("--"));
            let named: BTreeSet<&str> = named
                .filter(|word| word.starts_with(|letter: char| letter.is_ascii_lowercase()))
                .collect();
            assert!(named.len() > 3, "{page}");
            for option in named {
                assert!(known.contains(option), "docs/{page}.md names --{option}");
            }
        }
    }
}
