use std::path::PathBuf;

use crate::Error;

/// Where letters are put as files: for development and tests.
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Makes the directory if there is none.
    pub(crate) fn new(path: PathBuf) -> Result<Self, Error> {
        std::fs::create_dir_all(&path)
            .map_err(|error| Error::Options(format!("{}: {error}", path.display())))?;
        Ok(Self(path))
    }

    /// Writes `ID.eml`, whole or not at all; a second time changes nothing but the file's date.
    pub(crate) async fn write(&self, id: &str, bytes: &[u8]) -> Result<(), Error> {
        let refused = |error: std::io::Error| Error::File(error.kind());
        let begun = self.0.join(format!("{id}.tmp"));
        tokio::fs::write(&begun, bytes).await.map_err(refused)?;
        let done = self.0.join(format!("{id}.eml"));
        tokio::fs::rename(&begun, &done).await.map_err(refused)
    }
}
