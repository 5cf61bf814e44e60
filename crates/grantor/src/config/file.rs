//! `grantor.toml`: every key is looked up in the table of settings, and a mistake is named with its line.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::settings::{Given, SETTINGS};
use super::{Config, ConfigError, nearest};

/// Applies the settings of `text`, which was read from `name`, to `config`.
pub(super) fn apply(config: &mut Config, name: &str, text: &str) -> Result<(), ConfigError> {
    let file = File { name, text };
    let table = DeTable::parse(text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        file.refuse(at, e.message().to_owned())
    })?;
    file.table(config, "", table.get_ref())
}

struct File<'a> {
    name: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn table(
        &self,
        config: &mut Config,
        prefix: &str,
        table: &DeTable<'_>,
    ) -> Result<(), ConfigError> {
        for (key, value) in table {
            let path = format!("{prefix}{}", key.get_ref());
            if let DeValue::Table(inner) = value.get_ref() {
                let section = format!("{path}.");
                if SETTINGS.iter().any(|s| s.key.starts_with(&section)) {
                    self.table(config, &section, inner)?;
                    continue;
                }
            }
            let Some(setting) = SETTINGS.iter().find(|s| s.key == path) else {
                let message = nearest::unknown(&path, SETTINGS.iter().map(|s| s.key));
                return Err(self.refuse(key.span().start, message));
            };
            let refuse = |why: String| self.refuse(value.span().start, format!("{path}: {why}"));
            let given = given(value).map_err(refuse)?;
            (setting.apply)(config, &given).map_err(refuse)?;
        }
        Ok(())
    }

    fn refuse(&self, offset: usize, message: String) -> ConfigError {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        ConfigError {
            place: format!("{}:{line}", self.name),
            message,
        }
    }
}

fn given(value: &Spanned<DeValue<'_>>) -> Result<Given, String> {
    Ok(match value.get_ref() {
        DeValue::String(text) => Given::Text(text.to_string()),
        DeValue::Integer(number) => Given::Text(number.to_string()),
        DeValue::Boolean(flag) => Given::Text(flag.to_string()),
        DeValue::Array(items) => Given::List(
            items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(text) => Ok(text.to_string()),
                    _ => Err("every item must be a string".to_owned()),
                })
                .collect::<Result<_, _>>()?,
        ),
        _ => return Err("must be a string, a number, true or false, or a list of strings".into()),
    })
}
