//! Reads what stands behind a key into its setter, or says what is wrong with it.

use std::ops::{Range, RangeInclusive};

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use toml::Spanned;
use toml::de::DeValue;
use vaudit_model::arm_id::{ArmId, ArmIdError};
use vaudit_model::deployment::{Federation, Selector};

use crate::forms::Form;
use crate::keys::{Key, Kind, Resource, Word, names};
use crate::nearest::{listed, nearest};
use crate::problem::{Problem, Problems, quote};
use crate::room::Room;
use crate::types::{Shape, other_spelling, type_of};

/// How many days ahead a waiver may end: a year, a leap day included.
const LAST_DAY_AHEAD: i64 = 366;

/// What is needed to read values, and where problems go.
pub(crate) struct Reader<'t> {
    pub(crate) problems: Problems<'t>,
    pub(crate) today: Date,
}

/// A value, and how to call it.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    /// The full key.
    pub(crate) key: &'a str,
    /// The key's own name.
    pub(crate) name: &'a str,
    /// Whether it is one of several behind the key.
    one_of_many: bool,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Item<'a> {
    pub(crate) fn new(key: &'a str, name: &'a str, value: &'a Spanned<DeValue<'a>>) -> Self {
        Self { key, name, one_of_many: false, value }
    }

    fn one_of_many(self, value: &'a Spanned<DeValue<'a>>) -> Self {
        Self { one_of_many: true, value, ..self }
    }

    fn subject(&self) -> String {
        let name = self.name;
        if self.one_of_many { format!("each item of `{name}`") } else { format!("`{name}`") }
    }

    fn span(&self) -> Range<usize> {
        self.value.span()
    }
}

impl<T> Kind<T> {
    /// Reads a value into `target`. What is wrong goes to the reader's problems and leaves `target`
    /// as it was.
    pub(crate) fn read(&self, item: Item<'_>, target: &mut T, reader: &mut Reader<'_>) {
        let wants = || self.wants();
        match self {
            Self::Text(form, set) => {
                if let Some(text) = reader.formed(item, form) {
                    set(target, text);
                }
            }
            Self::OptionalText(form, set) => match item.value.get_ref().as_str() {
                Some("") => set(target, None),
                _ => {
                    if let Some(text) = reader.formed(item, form) {
                        set(target, Some(text));
                    }
                }
            },
            Self::Texts(form, set) => {
                if let Some(texts) = reader.each(item, wants, |r, item| r.formed(item, form)) {
                    set(target, texts);
                }
            }
            Self::Word(words) => {
                if let Some((_, apply)) = reader.word(item, words, wants) {
                    apply(target);
                }
            }
            Self::Flag(set) => match item.value.get_ref().as_bool() {
                Some(flag) => set(target, flag),
                None => reader.wrong_type(item, &wants(), Shape::Flag),
            },
            Self::Number(range, set) => {
                if let Some(number) = reader.number(item, range) {
                    set(target, number);
                }
            }
            Self::Ports(set) => {
                let port = |reader: &mut Reader<'_>, item: Item<'_>| {
                    u16::try_from(reader.number(item, &(1..=65535))?).ok()
                };
                match reader.each(item, wants, port) {
                    Some(ports) if ports.is_empty() => {
                        reader.bad(item, "an array of ports", "an empty one").help("name one port");
                    }
                    Some(ports) => set(target, ports),
                    None => {}
                }
            }
            Self::LastDay(set) => {
                if let Some(date) = reader.last_day(item) {
                    set(target, date);
                }
            }
            Self::Zone(set) => {
                if let Some(zone) = reader.zone(item, wants) {
                    set(target, zone);
                }
            }
            Self::Selector(resource, set) => match item.value.get_ref().as_str() {
                Some("") => set(target, None),
                Some(text) => {
                    if let Some(selector) = reader.selector(item, text, resource) {
                        set(target, Some(selector));
                    }
                }
                None => reader.wrong_type(item, &wants(), Shape::Text),
            },
            Self::Ids(resource_type, set) => {
                let id = |reader: &mut Reader<'_>, item: Item<'_>| reader.id(item, *resource_type);
                if let Some(ids) = reader.each(item, wants, id) {
                    set(target, ids);
                }
            }
            Self::Federations(keys, set) => {
                if let Some(found) = reader.each(item, wants, |r, item| r.federation(item, keys)) {
                    set(target, found);
                }
            }
        }
    }
}

impl Reader<'_> {
    /// A text of some form.
    fn formed(&mut self, item: Item<'_>, form: &Form) -> Option<String> {
        let Some(text) = item.value.get_ref().as_str() else {
            self.wrong_type(item, form.wants, Shape::Text);
            return None;
        };
        match form.read(text) {
            Ok(text) => Some(text),
            Err(help) => {
                self.bad(item, form.wants, &quote(text)).help(help);
                None
            }
        }
    }

    /// Every item of an array, when all of them are right.
    fn each<V>(
        &mut self,
        item: Item<'_>,
        wants: impl Fn() -> String,
        read: impl Fn(&mut Self, Item<'_>) -> Option<V>,
    ) -> Option<Vec<V>> {
        let Some(array) = item.value.get_ref().as_array() else {
            self.wrong_type(item, &wants(), Shape::Array);
            return None;
        };
        let values: Vec<_> =
            array.iter().map(|value| read(self, item.one_of_many(value))).collect();
        values.into_iter().collect()
    }

    fn word<'w, T>(
        &mut self,
        item: Item<'_>,
        words: &'w [Word<T>],
        wants: impl Fn() -> String,
    ) -> Option<&'w Word<T>> {
        let Some(text) = item.value.get_ref().as_str() else {
            self.wrong_type(item, &wants(), Shape::Text);
            return None;
        };
        let word = words.iter().find(|(word, _)| *word == text);
        if word.is_none() {
            let near = nearest(text, words.iter().map(|(word, _)| *word));
            let problem = self.bad(item, &wants(), &quote(text));
            if let Some(near) = near {
                problem.help(format!("did you mean `{near}`?"));
            }
        }
        word
    }

    fn number(&mut self, item: Item<'_>, range: &RangeInclusive<u32>) -> Option<u32> {
        let wants = format!("a whole number from {} to {}", range.start(), range.end());
        let Some(integer) = item.value.get_ref().as_integer() else {
            self.wrong_type(item, &wants, Shape::Number);
            return None;
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number.and_then(|number| u32::try_from(number).ok());
        if number.is_none_or(|number| !range.contains(&number)) {
            let found = quote(self.problems.places.slice(item.span()));
            self.bad(item, &wants, &found);
            return None;
        }
        number
    }

    fn last_day(&mut self, item: Item<'_>) -> Option<Date> {
        let wants = "a date";
        let Some(found) = item.value.get_ref().as_datetime() else {
            self.wrong_type(item, wants, Shape::Date);
            return None;
        };
        let Some(day) = found.date.filter(|_| found.time.is_none()) else {
            self.wrong_type(item, wants, Shape::Date);
            return None;
        };
        let date = i16::try_from(day.year)
            .ok()
            .zip(i8::try_from(day.month).ok())
            .zip(i8::try_from(day.day).ok())
            .and_then(|((year, month), day)| Date::new(year, month, day).ok());
        let Some(date) = date else {
            self.bad(item, "a date of the calendar", &format!("`{day}`"));
            return None;
        };
        let latest = self.today.saturating_add(LAST_DAY_AHEAD.days());
        if date > latest {
            self.bad(item, &format!("at most {LAST_DAY_AHEAD} days ahead"), &format!("`{date}`"))
                .help(format!("write `{latest}` or an earlier day, and renew it then"));
            return None;
        }
        Some(date)
    }

    fn zone(&mut self, item: Item<'_>, wants: impl Fn() -> String) -> Option<TimeZone> {
        let Some(text) = item.value.get_ref().as_str() else {
            self.wrong_type(item, &wants(), Shape::Text);
            return None;
        };
        // The bundled database, so that every machine knows the same zones.
        let zones = TimeZoneDatabase::bundled();
        if let Ok(zone) = zones.get(text) {
            return Some(zone);
        }
        let known: Vec<String> = zones.available().map(|name| name.as_str().to_owned()).collect();
        let help = match nearest(text, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "such as `UTC` or `Europe/Berlin`".to_owned(),
        };
        self.bad(item, &wants(), &quote(text)).help(help);
        None
    }

    fn selector(
        &mut self,
        item: Item<'_>,
        text: &str,
        resource: &'static Resource,
    ) -> Option<Selector> {
        // No name of a resource looks like this, and Azure's own answers leave the slash out at times.
        if text.starts_with('/') || text.to_ascii_lowercase().starts_with("subscriptions/") {
            return self.id(item, Some(resource.resource_type)).map(Selector::Id);
        }
        match resource.name.read(text) {
            Ok(name) => Some(Selector::Name(name)),
            Err(help) => {
                let wants = format!("{} or an ARM id", resource.name.wants);
                self.bad(item, &wants, &quote(text)).help(help);
                None
            }
        }
    }

    fn id(&mut self, item: Item<'_>, resource_type: Option<&str>) -> Option<ArmId> {
        let wants = match resource_type {
            Some(resource_type) => format!("the ARM id of a `{resource_type}`"),
            None => "the ARM id of a resource".to_owned(),
        };
        let Some(text) = item.value.get_ref().as_str() else {
            self.wrong_type(item, &wants, Shape::Text);
            return None;
        };
        let example = resource_type.unwrap_or("Microsoft.DataFactory/factories");
        let example = format!("write `/subscriptions/…/resourceGroups/…/providers/{example}/…`");
        let help = match ArmId::parse(text) {
            Ok(id) => match (resource_type, id.resource_type()) {
                (Some(wanted), _) if id.is_type(wanted) && id.resource_group().is_some() => {
                    return Some(id);
                }
                (None, Some(own)) if own.contains('/') => return Some(id),
                (Some(wanted), Some(own)) if own.contains('/') && !id.is_type(wanted) => {
                    format!("this is the id of a {}", quote(&own))
                }
                _ => example,
            },
            Err(error @ ArmIdError::HostileSegment(_)) => error.to_string(),
            Err(_) => example,
        };
        self.bad(item, &wants, &quote(text)).help(help);
        None
    }

    fn federation(
        &mut self,
        item: Item<'_>,
        keys: &'static [Key<Federation>],
    ) -> Option<Federation> {
        let Some(table) = item.value.get_ref().as_table() else {
            self.wrong_type(item, &format!("a table of {}", listed(names(keys))), Shape::Table);
            return None;
        };
        let room = Room {
            table,
            key: item.key.to_owned(),
            heading: format!("`{}`", item.name),
            span: item.span(),
        };
        let mut federation = Federation { issuer: String::new(), subject: String::new() };
        room.read(keys, &mut federation, self);
        room.report_unknown(names(keys), self);
        room.report_missing(keys, |_| false, self);
        Some(federation)
    }

    /// Says that a value of this type cannot stand here.
    pub(crate) fn wrong_type(&mut self, item: Item<'_>, wants: &str, shape: Shape) {
        let source = self.problems.places.slice(item.span());
        let help = other_spelling(item.value.get_ref(), source, shape);
        let problem = self.bad(item, wants, type_of(item.value.get_ref()));
        if let Some((how, spelling)) = help {
            let left = if item.one_of_many { String::new() } else { format!("{} = ", item.name) };
            problem.help(format!("write it {how}: `{left}{spelling}`"));
        }
    }

    fn bad(&mut self, item: Item<'_>, wants: &str, found: &str) -> &mut Problem {
        let message = format!("{} must be {wants}, found {found}", item.subject());
        self.problems.add(item.span(), item.key, message)
    }
}
