//! The power cut: of what a process wrote over the layer in `unsynced.c`, only what it synced is certain to remain.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The unit in which a disk writes: of one unsynced write, some sectors may survive and others not.
const SECTOR: usize = 512;

/// What becomes of writes that were not synced.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    /// All are lost.
    Lost,
    /// Some survive, sector by sector and in no order, chosen by this seed: a disk promises nothing else.
    Chance(u64),
}

/// The layer, compiled, for one folder of data.
pub(crate) struct Layer {
    outside: tempfile::TempDir,
    data: PathBuf,
    seen: Mutex<Seen>,
}

/// What the log has told so far.
#[derive(Default)]
struct Seen {
    position: usize,
    files: BTreeMap<PathBuf, File>,
    /// The newest change, which a kill may have kept from being made.
    newest: Option<PathBuf>,
    counts: Counts,
}

/// What was seen, for people.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) changes: usize,
    pub(crate) syncs_of_log: usize,
    pub(crate) syncs_of_database: usize,
    /// Times that SQLite began its log anew, after it had copied all of it into the database.
    pub(crate) logs_begun: usize,
    pub(crate) taken_back: usize,
}

#[derive(Default)]
struct File {
    /// Whether its name is durable: its directory was synced after it was made.
    named: bool,
    /// What it holds after a power cut.
    durable: Vec<u8>,
    /// What was done since, oldest first.
    pending: Vec<Change>,
}

enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Cut(usize),
}

impl Change {
    fn apply(&self, image: &mut Vec<u8>, mut survives: impl FnMut() -> bool) {
        match self {
            Self::Write { offset, bytes } => {
                for (n, sector) in bytes.chunks(SECTOR).enumerate() {
                    if survives() {
                        let (from, to) = (offset + n * SECTOR, offset + n * SECTOR + sector.len());
                        image.resize(image.len().max(to), 0);
                        image[from..to].copy_from_slice(sector);
                    }
                }
            }
            Self::Cut(size) => {
                if survives() {
                    image.resize(*size, 0);
                }
            }
        }
    }
}

impl Layer {
    /// Compiles it for the files under `data`, which is empty.
    pub(crate) fn compile(data: &Path) -> Self {
        let layer = Self {
            outside: tempfile::tempdir().unwrap(),
            data: data.canonicalize().unwrap(),
            seen: Mutex::default(),
        };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("crash/unsynced.c");
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(layer.library())
            .arg(source)
            .args(["-ldl", "-lpthread"])
            .status()
            .expect("a C compiler runs");
        assert!(status.success(), "unsynced.c compiles");
        layer
    }

    fn library(&self) -> PathBuf {
        self.outside.path().join("unsynced.so")
    }

    fn log(&self) -> PathBuf {
        self.outside.path().join("log")
    }

    /// What a process needs in its environment to run over the layer.
    pub(crate) fn environment(&self) -> Vec<(String, PathBuf)> {
        vec![
            ("LD_PRELOAD".into(), self.library()),
            ("UNSYNCED_DIR".into(), self.data.clone()),
            ("UNSYNCED_LOG".into(), self.log()),
        ]
    }

    /// Takes all that was written until now for durable, synced or not.
    pub(crate) fn settle(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.read(&self.log(), &self.data);
        for file in seen.files.values_mut() {
            file.named = true;
            file.sync();
        }
    }

    /// What was seen so far.
    pub(crate) fn counts(&self) -> Counts {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.counts
    }

    /// Cuts the power, after the processes were killed.
    ///
    /// # Panics
    /// When the files are not what the log says: then something was written past the layer, and the test would prove nothing.
    pub(crate) fn cut(&self, fate: Fate) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.read(&self.log(), &self.data);
        let newest = seen.newest.take();
        let mut chance = Chance::of(fate);
        let mut files = std::mem::take(&mut seen.files);
        files.retain(|name, file| {
            file.compare(name, newest.as_ref() == Some(name));
            seen.counts.taken_back += file.pending.len();
            if !file.named && !chance.survives() {
                let _ = fs::remove_file(name);
                return false;
            }
            for change in file.pending.drain(..) {
                change.apply(&mut file.durable, || chance.survives());
            }
            fs::write(name, &file.durable).unwrap();
            file.named = true;
            true
        });
        seen.files = files;
        // Shared memory ends with the machine.
        for entry in fs::read_dir(&self.data).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().ends_with("-shm") {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

impl Seen {
    /// Reads on in the log; a record that a kill cut short is dropped.
    fn read(&mut self, log: &Path, data: &Path) {
        let log = fs::read(log).expect("the process ran over the layer");
        let number = |at: usize| {
            let bytes = log[at..at + 8].try_into().unwrap();
            usize::try_from(u64::from_le_bytes(bytes)).unwrap()
        };
        while log.len() >= self.position + 32 {
            let start = self.position + 32;
            let middle = start + number(self.position + 8);
            let end = middle + number(self.position + 24);
            if log.len() < end {
                break;
            }
            let name = PathBuf::from(std::str::from_utf8(&log[start..middle]).unwrap());
            let offset = number(self.position + 16);
            self.record(log[self.position], (name, offset), &log[middle..end], data);
            self.position = end;
        }
    }

    fn record(&mut self, kind: u8, (name, offset): (PathBuf, usize), bytes: &[u8], data: &Path) {
        if name == data {
            assert_eq!(kind, b'S', "a directory is only synced");
            for file in self.files.values_mut() {
                file.named = true;
            }
            return;
        }
        if kind == b'U' {
            self.files.remove(&name);
            return;
        }
        let is_log = name.to_string_lossy().ends_with("-wal");
        let file = self.files.entry(name.clone()).or_default();
        match kind {
            b'C' => {}
            b'W' => file.pending.push(Change::Write {
                offset,
                bytes: bytes.to_vec(),
            }),
            b'T' => file.pending.push(Change::Cut(offset)),
            b'S' if is_log => self.counts.syncs_of_log += 1,
            b'S' => self.counts.syncs_of_database += 1,
            _ => panic!("the log of the layer is damaged"),
        }
        if kind == b'W' && is_log && offset == 0 {
            self.counts.logs_begun += 1;
        }
        if kind == b'S' {
            file.sync();
        } else {
            self.counts.changes += 1;
            self.newest = Some(name);
        }
    }
}

impl File {
    fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.durable, || true);
        }
    }

    /// Compares what the log says with what the kernel has; the newest change may be there, or not, or in part.
    fn compare(&self, name: &Path, newest: bool) {
        let actual = fs::read(name).unwrap_or_default();
        let mut without = self.durable.clone();
        let (last, earlier) = match self.pending.split_last() {
            Some((last, earlier)) if newest => (Some(last), earlier),
            _ => (None, self.pending.as_slice()),
        };
        for change in earlier {
            change.apply(&mut without, || true);
        }
        let mut with = without.clone();
        if let Some(last) = last {
            last.apply(&mut with, || true);
        }
        let known = |at: usize| actual.get(at) == with.get(at) || actual.get(at) == without.get(at);
        let longest = actual.len().max(with.len()).max(without.len());
        let odd = (0..longest).find(|at| !known(*at));
        assert_eq!(odd, None, "{} was written past the layer", name.display());
    }
}

/// Which unsynced sectors survive (xorshift64).
struct Chance(Option<u64>);

impl Chance {
    fn of(fate: Fate) -> Self {
        Self(match fate {
            Fate::Lost => None,
            Fate::Chance(seed) => Some(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
        })
    }

    fn survives(&mut self) -> bool {
        let Some(state) = &mut self.0 else {
            return false;
        };
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 32) & 1 == 1
    }
}

/// Runs a shell script over the layer and cuts the power.
fn after_a_power_cut(script: &str) -> impl Fn(&str) -> Option<Vec<u8>> {
    let data = tempfile::tempdir().unwrap();
    let layer = Layer::compile(data.path());
    let status = Command::new("sh")
        .args(["-ec", script])
        .current_dir(data.path())
        .envs(layer.environment())
        .env("D", data.path())
        .status()
        .unwrap();
    assert!(status.success());
    layer.cut(Fate::Lost);
    move |name| fs::read(data.path().join(name)).ok()
}

#[test]
fn the_layer_forgets_what_was_not_synced() {
    let read = after_a_power_cut(
        "printf old | dd of=$D/file conv=fsync status=none; sync $D
         printf new | dd of=$D/file conv=notrunc status=none",
    );
    assert_eq!(read("file").as_deref(), Some(&b"old"[..]));
}

#[test]
fn the_layer_keeps_what_was_synced() {
    let read = after_a_power_cut(
        "printf oldest | dd of=$D/file conv=fsync status=none; sync $D
         printf new | dd of=$D/file conv=notrunc,fdatasync status=none",
    );
    assert_eq!(read("file").as_deref(), Some(&b"newest"[..]));
}

#[test]
fn the_layer_forgets_a_file_whose_directory_was_not_synced() {
    let read = after_a_power_cut("printf text | dd of=$D/file conv=fsync status=none");
    assert_eq!(read("file"), None);
}
