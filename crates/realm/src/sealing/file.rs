//! The key's file.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use zeroize::Zeroizing;

use super::SealingError;

fn failed(path: &Path, what: &str, error: &std::io::Error) -> SealingError {
    SealingError::File {
        path: path.display().to_string(),
        problem: format!("{what}: {error}"),
    }
}

/// The file's text, or nothing when there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, SealingError> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            warn_when_open(path);
            Ok(Some(Zeroizing::new(text)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, "cannot be read", &error)),
    }
}

/// Makes the file with this text, unless another process was faster. It appears whole: it is written under another name first.
pub(super) fn create(path: &Path, text: &str) -> Result<(), SealingError> {
    let mut draft = path.as_os_str().to_owned();
    let unique = ambient::Entropy::System.bytes::<8>();
    draft.push(format!(".{}", jose::base64url::encode(unique)));
    let draft = Path::new(&draft);
    let written = write(draft, text).and_then(|()| match std::fs::hard_link(draft, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let _ = std::fs::remove_file(draft);
    written
        .and_then(|()| sync_directory(path))
        .map_err(|error| failed(path, "cannot be made", &error))
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let _ = std::fs::remove_file(path);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// So that the name outlives a power cut, as the database that depends on it does.
fn sync_directory(path: &Path) -> std::io::Result<()> {
    match path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn warn_when_open(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if let Ok(metadata) = std::fs::metadata(path) {
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            tracing::warn!(path = %path.display(), mode = format!("{mode:o}"), "others than its owner can read the sealing key: chmod 600 it");
        }
    }
}

#[cfg(not(unix))]
fn warn_when_open(_: &Path) {}
