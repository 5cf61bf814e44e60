//! Sign-ins by password beside client credentials: does hashing passwords leave the processor to those who ask for tokens?

use std::time::{Duration, Instant};

use grantor_tests::live::authorize_path;
use grantor_tests::live::browser::{encode, hidden_fields};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::Failure;
use crate::bed::Bed;
use crate::connection::{Connection, get, post_with};
use crate::drive;
use crate::scenario::{self, CLIENT};
use crate::seed::{self, PASSWORD};

/// Sign-ins offered a second, and client credentials beside them.
const OFFERED: u32 = 100;
const BESIDE: u32 = 1000;
/// As many people sign in in turn, so that none is limited for trying too often (ten tries at one name).
const PEOPLE: usize = 2000;

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SignIns {
    pub(crate) offered_per_second: u32,
    /// How long they were offered.
    pub(crate) seconds: f64,
    pub(crate) succeeded: usize,
    /// Answered 503 with Retry-After.
    pub(crate) sent_away: usize,
    /// Anything else.
    pub(crate) otherwise: usize,
    /// From the sending of the password to the answer, of those that succeeded.
    pub(crate) wait_p50_ms: f64,
    pub(crate) wait_longest_ms: f64,
    /// Client credentials at the same time.
    pub(crate) beside_per_second: f64,
    pub(crate) beside_p50_ms: f64,
    pub(crate) beside_p99_ms: f64,
    /// The server's share of all cores.
    pub(crate) server_cpu_share: f64,
}

enum End {
    In(Duration),
    Away,
    Otherwise(String),
}

/// Offers both for so long.
pub(crate) async fn measure(bed: &Bed, duration: Duration) -> Result<SignIns, Failure> {
    let people = seed::people(bed.realm(), PEOPLE).await?;
    let credentials = scenario::prepare(bed, &["client credentials".to_owned()]).await?;
    let credentials = credentials.into_iter().next_back().ok_or("no scenario")?;
    let target = bed.grantor();
    let before = target.usage()?.ok_or("no process")?;
    let start = Instant::now();
    let beside =
        tokio::spawn(async move { drive::open(&credentials, &target, BESIDE, duration).await });
    let mut under_way = JoinSet::new();
    let total = (duration.as_secs_f64() * f64::from(OFFERED)) as u32;
    for number in 0..total {
        tokio::time::sleep_until((start + Duration::from_secs(1) * number / OFFERED).into()).await;
        let name = people[number as usize % people.len()].clone();
        let (host, address) = (bed.host(), target.address);
        under_way.spawn(async move {
            let mut connection = Connection::open(address).await?;
            sign_in(&mut connection, &host, &name).await
        });
    }
    let beside = beside.await??.measured;
    let share = {
        let after = target.usage()?.ok_or("no process")?;
        let cores = std::thread::available_parallelism()?.get() as f64;
        (after.cpu - before.cpu) / start.elapsed().as_secs_f64() / cores
    };
    let (mut waits, mut sent_away, mut otherwise) = (Vec::new(), 0, 0);
    let mut last = None;
    while let Some(end) = under_way.join_next().await {
        match end?? {
            End::In(wait) => waits.push(wait),
            End::Away => sent_away += 1,
            End::Otherwise(what) => {
                otherwise += 1;
                last = Some(what);
            }
        }
    }
    if waits.is_empty() {
        return Err(format!("nobody could sign in: {}", last.unwrap_or_default()).into());
    }
    let [wait_p50_ms, wait_longest_ms] = drive::percentiles(&mut waits, [0.5, 1.0]);
    Ok(SignIns {
        offered_per_second: OFFERED,
        seconds: duration.as_secs_f64(),
        succeeded: waits.len(),
        sent_away,
        otherwise,
        wait_p50_ms,
        wait_longest_ms,
        beside_per_second: beside.rate,
        beside_p50_ms: beside.p50,
        beside_p99_ms: beside.p99,
        server_cpu_share: share,
    })
}

/// What a browser does: the authorization request, the page it leads to, the password.
async fn sign_in(connection: &mut Connection, host: &str, name: &str) -> Result<End, Failure> {
    let mut cookies: Vec<String> = Vec::new();
    let mut path = authorize_path(CLIENT);
    for _ in 0..4 {
        let cookie = cookies.join("; ");
        let answer = connection
            .exchange(&get(host, &path, &[("cookie", &cookie)]))
            .await?;
        let set: Vec<String> = answer
            .headers("set-cookie")
            .filter_map(|value| value.split(';').next().map(str::to_owned))
            .collect();
        if answer.status == 200 {
            let page = String::from_utf8_lossy(answer.body).into_owned();
            cookies.extend(set);
            return submit(connection, host, &page, (name, &cookies.join("; "))).await;
        }
        let to = answer.header("location").ok_or_else(|| answer.text())?;
        let origin = format!("http://{host}");
        path = to.strip_prefix(&origin).unwrap_or(to).to_owned();
        cookies.extend(set);
    }
    Ok(End::Otherwise("no page to sign in on".into()))
}

async fn submit(
    connection: &mut Connection,
    host: &str,
    page: &str,
    (name, cookie): (&str, &str),
) -> Result<End, Failure> {
    let hidden = hidden_fields(page);
    let mut form: Vec<(&str, &str)> = hidden.iter().map(|(n, v)| (&**n, &**v)).collect();
    form.extend([("username", name), ("password", PASSWORD)]);
    let origin = format!("http://{host}");
    let head = [("cookie", cookie), ("origin", origin.as_str())];
    let request = post_with(host, "/login", &head, &encode(&form));
    let sent = Instant::now();
    let answer = connection.exchange(&request).await?;
    Ok(match answer.status {
        303 => End::In(sent.elapsed()),
        503 if answer.header("retry-after").is_some() => End::Away,
        _ => End::Otherwise(answer.text()),
    })
}
