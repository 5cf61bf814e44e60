//! Giving free pages back, so that the file follows what is in it. Pages that are free stay in the file and are used again; a few are kept, so that a
//! database which deletes as much as it writes does not shrink and grow all the time.

use rusqlite::Connection;

use super::connection::failed;
use crate::Error;

/// Pages are given back when more than one in this many is free,
const MORE_THAN: u32 = 10;
/// until no more than one in this many is.
const DOWN_TO: u32 = 20;

/// Gives back `pages` free pages at most and says how many are left to be given back. Nothing happens on a file that was made before grantor asked for
/// `auto_vacuum=INCREMENTAL`.
pub(super) fn step(connection: &Connection, pages: u32) -> Result<u32, Error> {
    if number(connection, "PRAGMA auto_vacuum")? != INCREMENTAL {
        return Ok(0);
    }
    let all = number(connection, "PRAGMA page_count")?;
    let free = number(connection, "PRAGMA freelist_count")?;
    let surplus = surplus(all, free);
    let now = surplus.min(pages);
    if now == 0 {
        return Ok(0);
    }
    let mut vacuum = connection
        .prepare(&format!("PRAGMA incremental_vacuum({now})"))
        .map_err(failed)?;
    // Each step gives back one page.
    let mut rows = vacuum.query([]).map_err(failed)?;
    while rows.next().map_err(failed)?.is_some() {}
    let left = number(connection, "PRAGMA freelist_count")?;
    // Whoever asks until nothing is left must come to an end.
    Ok(if left < free { surplus - now } else { 0 })
}

/// What `PRAGMA auto_vacuum` says of a file whose free pages can be given back on request.
const INCREMENTAL: u32 = 2;

/// How many of the free pages should go.
fn surplus(all: u32, free: u32) -> u32 {
    if free <= all / MORE_THAN {
        return 0;
    }
    // After `x` have gone, `free - x` of `all - x` are free.
    let used = all - free;
    free.saturating_sub(used / (DOWN_TO - 1))
}

fn number(connection: &Connection, pragma: &str) -> Result<u32, Error> {
    connection
        .query_row(pragma, [], |row| row.get(0))
        .map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::surplus;

    #[test]
    fn a_few_free_pages_stay_and_many_go() {
        assert_eq!(surplus(1000, 100), 0);
        assert_eq!(surplus(1000, 101), 101 - 899 / 19);
        assert_eq!(surplus(0, 0), 0);
        assert_eq!(surplus(20, 19), 19);
        for all in 1..500 {
            for free in 0..all {
                let (all, free) = (all - surplus(all, free), free - surplus(all, free));
                assert!(free * 10 <= all, "{free} of {all}");
            }
        }
    }
}
