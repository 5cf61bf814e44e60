/// The sentence for an unknown name, with the known name that is nearest to it when one is near enough to be meant.
pub(crate) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let nearest = known
        .map(|candidate| (distance(name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3 + 1);
    match nearest {
        Some((_, candidate)) => {
            format!("`{name}` is not a setting; did you mean `{candidate}`?")
        }
        None => format!("`{name}` is not a setting"),
    }
}

/// Levenshtein's distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replace = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let known = ["listen", "issuer"];
        assert!(unknown("lisen", known.into_iter()).ends_with("did you mean `listen`?"));
        assert_eq!(
            unknown("colour_of_the_sky", known.into_iter()),
            "`colour_of_the_sky` is not a setting"
        );
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
