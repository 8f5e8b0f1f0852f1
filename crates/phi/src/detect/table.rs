//! Tables: what each column holds, by its header and by what stands in it, and each row as one person.

use std::sync::Arc;

use enamel_types::patient_data::Entity;

use super::date::{Date, Order};
use super::labels::Meaning;
use super::name;
use super::number;
use super::value;
use super::vocabulary::{NamePart, Vocabulary};

/// Rows that are looked at before the columns are decided.
pub(super) const SAMPLE: usize = 64;
/// A header stands in one of the first rows.
const HEADER_WITHIN: usize = 20;

/// What is known of a table's columns. Shared between the workers that read one large file.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) columns: Vec<Column>,
    /// Each row is a label and its value, and the table is one record.
    pub(super) key_value: bool,
    /// Rows before this one (title, header) hold no records.
    pub(super) skip: usize,
    /// Nothing is known about any column: rows are read as running text.
    pub(super) unknown: bool,
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// What it holds; `None` if a value in it needs a label of its own.
    pub(super) meaning: Option<Meaning>,
    /// How its dates are written.
    pub(super) order: Order,
}

/// Decides about the columns from the header, if it is known, and the first rows.
pub(super) fn plan(
    header: &[String],
    rows: &[Vec<String>],
    today: Date,
    vocabulary: &Vocabulary,
) -> Arc<Plan> {
    let width = rows.iter().map(Vec::len).chain([header.len()]).max().unwrap_or(0);
    let (meanings, skip) = if header.is_empty() {
        match find_header(rows, vocabulary) {
            Some(at) => (header_meanings(&rows[at], vocabulary), at + 1),
            None if is_key_value(rows, vocabulary) => {
                return Arc::new(Plan { columns: Vec::new(), key_value: true, skip: 0, unknown: false });
            }
            None => (Vec::new(), 0),
        }
    } else {
        (header_meanings(header, vocabulary), 0)
    };
    let body = &rows[skip.min(rows.len())..];
    let mut columns: Vec<Column> = (0..width)
        .map(|index| {
            let cells = || {
                body.iter()
                    .filter_map(move |row| row.get(index))
                    .map(|cell| cell.trim())
                    .filter(|cell| !cell.is_empty())
            };
            let meaning = meanings
                .get(index)
                .copied()
                .flatten()
                .or_else(|| by_content(cells, today, vocabulary).map(Meaning::Is));
            Column { meaning, order: order_of(cells) }
        })
        .collect();
    split_names(&mut columns, body, vocabulary);
    bare_numbers(&mut columns, body, vocabulary);
    let unknown = columns.iter().all(|column| matches!(column.meaning, None | Some(Meaning::Other)))
        && skip == 0
        && header.is_empty();
    Arc::new(Plan { columns, key_value: false, skip, unknown })
}

/// Keys of patients in programs that also have chart numbers, which then come first.
const KEYS_OF_PATIENTS: [&str; 3] = ["patnum", "pat_num", "patkey"];

fn header_meanings(row: &[String], vocabulary: &Vocabulary) -> Vec<Option<Meaning>> {
    let mut meanings: Vec<Option<Meaning>> = row.iter().map(|cell| vocabulary.labels.column(cell)).collect();
    let is = |meaning: &Option<Meaning>, kind: Entity| *meaning == Some(Meaning::Is(kind));
    let person = meanings.iter().any(|meaning| {
        matches!(
            meaning,
            Some(Meaning::Part(_) | Meaning::Is(Entity::Name | Entity::Dob | Entity::Ssn | Entity::MemberId))
        )
    });
    for (meaning, cell) in meanings.iter_mut().zip(row) {
        if is(meaning, Entity::Mrn) && !person && !vocabulary.labels.stands_alone(cell) {
            *meaning = None;
        }
    }
    if person && !meanings.iter().any(|meaning| is(meaning, Entity::Mrn)) {
        let key = row.iter().position(|cell| {
            KEYS_OF_PATIENTS
                .iter()
                .any(|key| cell.trim().trim_start_matches('\u{FEFF}').eq_ignore_ascii_case(key))
        });
        if let Some(key) = key {
            meanings[key] = Some(Meaning::Is(Entity::Mrn));
        }
    }
    // `Apellidos; Nombre`: beside one half of a name, `name` is the other.
    let halves = |part| meanings.iter().filter(|meaning| **meaning == Some(Meaning::Part(part))).count();
    let (first, last) = (halves(NamePart::First), halves(NamePart::Last));
    let mut names = (0..meanings.len()).filter(|index| is(&meanings[*index], Entity::Name));
    if let (Some(only), None) = (names.next(), names.next())
        && first + last == 1
        && row[only].trim().chars().all(char::is_alphabetic)
    {
        let other = if last == 1 { NamePart::First } else { NamePart::Last };
        meanings[only] = Some(Meaning::Part(other));
    }
    // Without a column for the other half, `First` or `Last` is no part of a name.
    let has = |part| meanings.contains(&Some(Meaning::Part(part)));
    if has(NamePart::First) != has(NamePart::Last) {
        for meaning in &mut meanings {
            if matches!(meaning, Some(Meaning::Part(_))) {
                *meaning = None;
            }
        }
    }
    meanings
}

/// The first row that reads like a header: labels for at least two columns, and no values.
fn find_header(rows: &[Vec<String>], vocabulary: &Vocabulary) -> Option<usize> {
    rows.iter().take(HEADER_WITHIN).position(|row| {
        let filled: Vec<&String> = row.iter().filter(|cell| !cell.trim().is_empty()).collect();
        let labels =
            filled.iter().filter(|cell| cell.len() <= 48 && vocabulary.labels.column(cell).is_some()).count();
        let values = filled
            .iter()
            .filter(|cell| {
                cell.contains('@')
                    || cell.as_bytes().windows(4).any(|four| four.iter().all(u8::is_ascii_digit))
            })
            .count();
        // A title alone in its row is no header, unless the table has but one column.
        let single = labels == 1 && filled.len() == 1 && rows.iter().all(|row| row.len() == 1);
        values == 0 && (labels >= 2 || single)
    })
}

/// Whether the rows are pairs of a label and its value.
fn is_key_value(rows: &[Vec<String>], vocabulary: &Vocabulary) -> bool {
    let pairs =
        rows.iter().filter(|row| row.iter().filter(|cell| !cell.trim().is_empty()).count() >= 2).count();
    let labelled = rows
        .iter()
        .filter(|row| {
            row.len() >= 2
                && row[0].len() <= 48
                && matches!(vocabulary.labels.column(&row[0]), Some(Meaning::Is(_) | Meaning::Part(_)))
        })
        .count();
    labelled >= 2 && labelled * 3 >= pairs
}

/// Whether a cell is a label for the one after it.
pub(super) fn is_label(cell: &str, vocabulary: &Vocabulary) -> bool {
    cell.trim_end().ends_with([':', '#', '?']) && cell.len() <= 48 && vocabulary.labels.column(cell).is_some()
}

/// What a column without a telling header holds: at least 80 % of it must be valid.
fn by_content<'a, I: Iterator<Item = &'a str>>(
    cells: impl Fn() -> I,
    today: Date,
    vocabulary: &Vocabulary,
) -> Option<Entity> {
    let count = cells().take(SAMPLE).count();
    if count < 4 {
        return None;
    }
    let share = |fits: &dyn Fn(&str) -> bool| cells().filter(|cell| fits(cell)).count() * 5 >= count * 4;
    let of = |kind: Entity| {
        move |cell: &str| value::of_kind(kind, cell, Order::MonthFirst, today, false, vocabulary).is_some()
    };
    let dashed = |cell: &str| cell.len() == 11 && cell.as_bytes()[3] == b'-' && cell.as_bytes()[6] == b'-';
    if share(&|cell| dashed(cell) && of(Entity::Ssn)(cell)) {
        return Some(Entity::Ssn);
    }
    if share(&|cell| cell.len() >= 15 && of(Entity::Pan)(cell)) {
        let machines = cells().filter(|cell| number::is_imei(cell.as_bytes())).count();
        return (machines * 2 < count).then_some(Entity::Pan);
    }
    if share(&|cell| cell.contains(['-', ' ', '.']) && of(Entity::Phone)(cell)) {
        return Some(Entity::Phone);
    }
    if share(&of(Entity::Email)) {
        return Some(Entity::Email);
    }
    let mut years: Vec<u16> = cells()
        .filter(|cell| cell.len() >= 6 && cell.contains(['/', '-', '.', ' ']))
        .filter_map(|cell| value::whole_date(cell, Order::MonthFirst, today))
        .filter(|date| date.is_birthday(today))
        .map(|date| date.year)
        .collect();
    years.sort_unstable();
    // Birthdays reach over generations; visits, orders and warranties do not.
    if years.len() * 5 >= count * 4 && count >= 5 {
        let (first, last, middle) = (years[0], years[years.len() - 1], years[years.len() / 2]);
        if last - first >= 25 && middle <= today.year - 12 && first <= today.year - 40 {
            return Some(Entity::Dob);
        }
    }
    let person = |cell: &str| {
        let words = || cell.split([' ', ',']).filter(|word| !word.is_empty());
        name::is_name_value(cell)
            && (2..=4).contains(&words().count())
            && words().all(|word| word.starts_with(char::is_uppercase))
    };
    let given = cells()
        .filter(|cell| person(cell) && name::normalise(cell).split(' ').any(|part| vocabulary.is_given(part)))
        .count();
    (share(&person) && given * 5 >= count).then_some(Entity::Name)
}

/// Two columns side by side without a header, one of given names and one of single words, are a name.
fn split_names(columns: &mut [Column], body: &[Vec<String>], vocabulary: &Vocabulary) {
    let word = |cell: &str| name::is_name_value(cell) && !cell.trim().contains([' ', ',']);
    let share = |index: usize, fits: &dyn Fn(&str) -> bool| {
        let filled = body.iter().filter_map(|row| row.get(index)).filter(|cell| !cell.trim().is_empty());
        let (all, fit) =
            filled.fold((0, 0), |(all, fit), cell| (all + 1, fit + usize::from(fits(cell.trim()))));
        all >= 4 && fit * 5 >= all * 3
    };
    if columns
        .iter()
        .any(|column| matches!(column.meaning, Some(Meaning::Part(_) | Meaning::Is(Entity::Name))))
    {
        return;
    }
    for first in 0..columns.len() {
        if columns[first].meaning.is_some() || !share(first, &|cell| word(cell) && vocabulary.is_given(cell))
        {
            continue;
        }
        for last in [first.wrapping_sub(1), first + 1] {
            if last < columns.len() && columns[last].meaning.is_none() && share(last, &word) {
                columns[first].meaning = Some(Meaning::Part(NamePart::First));
                columns[last].meaning = Some(Meaning::Part(NamePart::Last));
                return;
            }
        }
    }
}

/// Nine digits in every row, none of them impossible, beside names and birthdays: social security numbers.
fn bare_numbers(columns: &mut [Column], body: &[Vec<String>], vocabulary: &Vocabulary) {
    let has = |wanted: Entity| columns.iter().any(|column| column.meaning == Some(Meaning::Is(wanted)));
    let named =
        has(Entity::Name) || columns.iter().any(|column| matches!(column.meaning, Some(Meaning::Part(_))));
    if !named || !has(Entity::Dob) || has(Entity::Ssn) || body.len() < 20 {
        return;
    }
    for (index, column) in columns.iter_mut().enumerate() {
        let mut filled = body
            .iter()
            .filter_map(|row| row.get(index))
            .map(|cell| cell.trim())
            .filter(|cell| !cell.is_empty())
            .peekable();
        if column.meaning.is_none()
            && filled.peek().is_some()
            && filled.all(|cell| value::ssn(cell.as_bytes(), vocabulary).is_some())
        {
            column.meaning = Some(Meaning::Is(Entity::Ssn));
        }
    }
}

/// Day first if some first number is above 12 and no second one is.
fn order_of<'a, I: Iterator<Item = &'a str>>(cells: impl Fn() -> I) -> Order {
    let (mut day_first, mut month_first) = (false, false);
    for cell in cells() {
        let mut numbers = cell.split(['/', '-', '.']).map(str::parse::<u16>);
        if let (Some(Ok(first)), Some(Ok(second))) = (numbers.next(), numbers.next()) {
            day_first |= (13..=31).contains(&first);
            month_first |= (13..=31).contains(&second);
        }
    }
    if day_first && !month_first { Order::DayFirst } else { Order::MonthFirst }
}

/// The character between the cells of a delimited text; `None` if it is none.
///
/// The first lines must have the same number of it (outside quotes), but for a title above the header.
pub(super) fn delimiter(text: &str) -> Option<u8> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(40).collect();
    let best = [b',', b'\t', b';', b'|'].into_iter().filter_map(|delimiter| {
        let counts: Vec<usize> = lines.iter().map(|line| count_outside_quotes(line, delimiter)).collect();
        let most = *counts
            .iter()
            .filter(|count| **count > 0)
            .max_by_key(|wanted| (counts.iter().filter(|c| c == wanted).count(), **wanted))?;
        let same = counts.iter().filter(|count| **count == most).count();
        let enough = if lines.len() == 1 { most >= 2 } else { same >= 2 && same * 10 >= lines.len() * 7 };
        // Prose has commas too, but followed by spaces.
        let prose = delimiter == b','
            && lines.iter().filter(|line| line.contains(", ")).count() * 2 > lines.len()
            && most < 3;
        (enough && !prose).then_some((same * most.min(20), delimiter))
    });
    best.max().map(|(_, delimiter)| delimiter)
}

fn count_outside_quotes(line: &str, delimiter: u8) -> usize {
    let mut quoted = false;
    line.bytes()
        .filter(|byte| {
            quoted ^= *byte == b'"';
            *byte == delimiter && !quoted
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date { year: 2026, month: 11, day: 24 };

    fn rows(text: &str) -> Vec<Vec<String>> {
        text.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
    }

    fn meanings(text: &str) -> Vec<Option<Meaning>> {
        plan(&[], &rows(text), TODAY, Vocabulary::get()).columns.iter().map(|column| column.meaning).collect()
    }

    #[test]
    fn a_header_may_stand_below_a_title() {
        let plan = plan(
            &[],
            &rows("Recall list||\n||\nPatient|DOB|Chart No\nRoe, Ann|1/2/80|4711"),
            TODAY,
            Vocabulary::get(),
        );
        assert_eq!(plan.skip, 3);
        let expected = [Entity::Name, Entity::Dob, Entity::Mrn].map(|kind| Some(Meaning::Is(kind)));
        assert_eq!(plan.columns.iter().map(|column| column.meaning).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn columns_speak_for_themselves() {
        let text = (0..8u32)
            .map(|n| {
                format!(
                    "Ann|Roe{}|{}-01-02|512-4{n}-671{n}|x",
                    char::from_digit(n + 10, 36).unwrap(),
                    1950 + n * 6
                )
            })
            .collect::<Vec<_>>();
        let meanings = meanings(&text.join("\n"));
        assert_eq!(meanings[2], Some(Meaning::Is(Entity::Dob)));
        assert_eq!(meanings[3], Some(Meaning::Is(Entity::Ssn)));
        assert_eq!(meanings[0], Some(Meaning::Part(NamePart::First)));
        let visits = (1..9).map(|n| format!("a|2024-01-0{n}")).collect::<Vec<_>>().join("\n");
        assert_eq!(self::meanings(&visits)[1], None, "dates of one year are visits");
    }

    #[test]
    fn a_form_is_labels_and_values() {
        let plan =
            plan(&[], &rows("Name|Ann Roe\nDate of Birth|1/2/80\nSSN|512-40-6710"), TODAY, Vocabulary::get());
        assert!(plan.key_value);
    }

    #[test]
    fn delimiters() {
        assert_eq!(delimiter("a;b;c\n1;2;3\n4;5;6\n"), Some(b';'));
        assert_eq!(delimiter("Title\n\na\tb\n1\t2\n3\t4\n5\t6\n"), Some(b'\t'));
        assert_eq!(delimiter("Dear Ann,\n\nwe saw you, and all is well.\nBye, Joe\n"), None);
    }
}
