use serde_json::{Map, Value};

/// What a policy demands of one member (§6.1.3.1). None of them contradicts another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operators {
    value: Option<Value>,
    add: Option<Vec<Value>>,
    default: Option<Value>,
    one_of: Option<Vec<Value>>,
    subset_of: Option<Vec<Value>>,
    superset_of: Option<Vec<Value>>,
    essential: Option<bool>,
}

/// Why not, in words.
type Reason = &'static str;

const CONTRADICTION: Reason = "its operators contradict each other";

/// A string of words, which operators take for a list (§6.1.3.1.8).
const SCOPE: &str = "scope";

fn words(value: Value) -> Value {
    match value {
        Value::String(text) => text.split_ascii_whitespace().map(Value::from).collect(),
        other => other,
    }
}

fn unique(values: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::with_capacity(values.len());
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}

fn is_subset(some: &[Value], of: &[Value]) -> bool {
    some.iter().all(|value| of.contains(value))
}

fn list(value: &Value) -> Option<&[Value]> {
    value.as_array().map(Vec::as_slice)
}

/// How many values an operator may have.
const MOST: usize = 200;

impl Operators {
    /// The operators of the specification.
    pub const NAMES: [&'static str; 7] = [
        "value",
        "add",
        "default",
        "one_of",
        "subset_of",
        "superset_of",
        "essential",
    ];

    /// Reads the operators for the member `name`. Those that are not known are passed over unless they are `critical` (§6.1.3.2).
    pub(super) fn read(
        name: &str,
        members: &Map<String, Value>,
        critical: &[&str],
    ) -> Result<Self, Reason> {
        let mut read = Self::default();
        for (operator, value) in members {
            let own = match name {
                SCOPE => words(value.clone()),
                _ => value.clone(),
            };
            match operator.as_str() {
                "value" => read.value = Some(own),
                "default" if value.is_null() => return Err("default is null"),
                "default" => read.default = Some(own),
                "essential" => {
                    read.essential = Some(value.as_bool().ok_or("essential is no boolean")?);
                }
                "add" => read.add = Some(values(own)?),
                "one_of" => read.one_of = Some(values(value.clone())?),
                "subset_of" => read.subset_of = Some(values(own)?),
                "superset_of" => read.superset_of = Some(values(own)?),
                other if critical.contains(&other) => {
                    return Err("an operator that must be understood is not known");
                }
                _ => {}
            }
        }
        if read.one_of.as_ref().is_some_and(Vec::is_empty) {
            return Err("one_of is empty");
        }
        read.check()?;
        Ok(read)
    }

    /// Which operators go together (§6.1.3.1).
    fn check(&self) -> Result<(), Reason> {
        let good = self.value_fits() && self.one_of_fits() && self.lists_fit();
        if good { Ok(()) } else { Err(CONTRADICTION) }
    }

    fn value_fits(&self) -> bool {
        let Some(value) = &self.value else {
            return true;
        };
        if value.is_null() {
            let nothing = self.add.is_none()
                && self.default.is_none()
                && self.subset_of.is_none()
                && self.superset_of.is_none()
                && self.one_of.is_none();
            return nothing && self.essential != Some(true);
        }
        let one_of = self.one_of.as_ref().is_none_or(|all| all.contains(value));
        let within = |own: &Vec<Value>| list(value).is_some_and(|it| is_subset(it, own));
        let around = |own: &Vec<Value>| list(value).is_some_and(|it| is_subset(own, it));
        one_of
            && self.add.as_ref().is_none_or(around)
            && self.subset_of.as_ref().is_none_or(within)
            && self.superset_of.as_ref().is_none_or(around)
    }

    fn one_of_fits(&self) -> bool {
        let lists = self.add.is_some() || self.subset_of.is_some() || self.superset_of.is_some();
        self.one_of.is_none() || !lists
    }

    fn lists_fit(&self) -> bool {
        let Some(most) = &self.subset_of else {
            return true;
        };
        let within = |own: &Vec<Value>| is_subset(own, most);
        self.add.as_ref().is_none_or(within) && self.superset_of.as_ref().is_none_or(within)
    }

    /// With those of a subordinate.
    pub(super) fn merge(self, below: Self) -> Result<Self, Reason> {
        let same = |above: Option<Value>, below: Option<Value>| match (above, below) {
            (Some(above), Some(below)) if above != below => Err(CONTRADICTION),
            (above, below) => Ok(above.or(below)),
        };
        let merged = Self {
            value: same(self.value, below.value)?,
            default: same(self.default, below.default)?,
            add: both(self.add, below.add, union),
            one_of: both(self.one_of, below.one_of, intersection),
            subset_of: both(self.subset_of, below.subset_of, intersection),
            superset_of: both(self.superset_of, below.superset_of, union),
            essential: both(self.essential, below.essential, |above, below| {
                above || below
            }),
        };
        if merged.one_of.as_ref().is_some_and(Vec::is_empty) {
            return Err(CONTRADICTION);
        }
        merged.check()?;
        Ok(merged)
    }

    /// What becomes of the member, in the order that the operators have.
    pub(super) fn apply(&self, name: &str, value: Option<Value>) -> Result<Option<Value>, Reason> {
        let is_words = name == SCOPE && !matches!(value, Some(Value::Array(_)));
        let mut value = if is_words { value.map(words) } else { value };
        if let Some(set) = &self.value {
            value = Some(set.clone()).filter(|set| !set.is_null());
        }
        if let Some(added) = &self.add {
            let mut all = match value {
                None => Vec::new(),
                Some(Value::Array(items)) => items,
                Some(_) => return Err("it is no list that something could be added to"),
            };
            all.extend(added.iter().cloned());
            value = Some(Value::Array(unique(all)));
        }
        value = value.or_else(|| self.default.clone());
        if let (Some(value), Some(all)) = (&value, &self.one_of) {
            let joined = Value::String(text(value));
            let among = all.contains(value) || (is_words && all.contains(&joined));
            if !among {
                return Err("it is not one of those that are permitted");
            }
        }
        if let (Some(present), Some(most)) = (&value, &self.subset_of) {
            let items = list(present).ok_or("it is no list")?;
            let kept = items.iter().filter(|item| most.contains(item)).cloned();
            value = Some(kept.collect());
        }
        if let (Some(present), Some(least)) = (&value, &self.superset_of)
            && !is_subset(least, list(present).ok_or("it is no list")?)
        {
            return Err("it lacks what is demanded");
        }
        if value.is_none() && self.essential == Some(true) {
            return Err("it is not there");
        }
        Ok(value.map(|value| match value {
            Value::Array(_) if is_words => Value::String(text(&value)),
            other => other,
        }))
    }
}

/// The words of a list, as a string.
fn text(value: &Value) -> String {
    let items = list(value).unwrap_or_default().iter();
    let texts: Vec<&str> = items.filter_map(Value::as_str).collect();
    texts.join(" ")
}

fn values(value: Value) -> Result<Vec<Value>, Reason> {
    match value {
        Value::Array(items) if items.len() <= MOST => Ok(unique(items)),
        Value::Array(_) => Err("an operator has too many values"),
        _ => Err("an operator that needs a list has none"),
    }
}

fn both<T>(above: Option<T>, below: Option<T>, join: impl Fn(T, T) -> T) -> Option<T> {
    match (above, below) {
        (Some(above), Some(below)) => Some(join(above, below)),
        (above, below) => above.or(below),
    }
}

fn union(mut above: Vec<Value>, below: Vec<Value>) -> Vec<Value> {
    above.extend(below);
    unique(above)
}

fn intersection(mut above: Vec<Value>, below: Vec<Value>) -> Vec<Value> {
    above.retain(|value| below.contains(value));
    above
}
