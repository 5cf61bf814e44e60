/// What a command that fails says, in one line on standard error.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
