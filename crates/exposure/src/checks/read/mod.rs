//! The looking half of `scan host`: reads, and judges nothing.
//!
//! Each program runs once and each list is read once, however many checks ask for it; programs run side by side. What
//! could not be read becomes a gap and an unreadable reading, and the run goes on.

mod linux;
mod text;
mod windows;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use enamel_host::{Answer, Host, HostError, Program, ProgramOutput, SystemQuery};
use enamel_types::config_state::{CheckReading, ConfigState, NamedValue, Reading, Value};
use enamel_types::device::{DeviceInventory, OsInfo};
use enamel_types::software::{Package, Service};
use enamel_types::{Gap, PracticeProfile};
use jiff::civil::Date;

use super::catalogue::{Catalogue, Check, Condition, Source};
use super::expect::{Context, Met, compile, meets, no_meaning};

/// Reads what the checks ask for. What could not be read is named in the second half of the answer.
///
/// # Errors
/// Only a computer that does not say what it is.
pub fn observe_host(host: &dyn Host, catalogue: &Catalogue) -> Result<(ConfigState, Vec<Gap>), HostError> {
    let os = host.os()?;
    let checks: Vec<&Check> = catalogue.checks.iter().filter(|check| check.os == os.family).collect();
    let looker = Looker::new(host, &os, catalogue, &checks);
    let readings: Vec<CheckReading> = checks.iter().map(|check| looker.check(check)).collect();
    let gaps = looker.gaps.into_inner();
    let gaps = gaps.into_iter().map(|(what, why)| Gap { what, why }).collect();
    Ok((ConfigState { os, readings }, gaps))
}

/// Where something was looked for, and what was there.
type Found = (String, Reading);

/// One look at one computer.
struct Looker<'a> {
    host: &'a dyn Host,
    os: &'a OsInfo,
    catalogue: &'a Catalogue,
    programs: BTreeMap<Program, Result<Option<ProgramOutput>, HostError>>,
    services: OnceCell<Result<Vec<Service>, HostError>>,
    packages: OnceCell<Result<Vec<Package>, HostError>>,
    inventory: OnceCell<Result<DeviceInventory, HostError>>,
    answers: RefCell<BTreeMap<SystemQuery, Result<Option<Answer>, HostError>>>,
    gaps: RefCell<BTreeMap<String, String>>,
}

impl<'a> Looker<'a> {
    fn new(host: &'a dyn Host, os: &'a OsInfo, catalogue: &'a Catalogue, checks: &[&Check]) -> Self {
        let wanted: BTreeSet<Program> = checks
            .iter()
            .filter(|check| no_meaning(check, os).is_none())
            .flat_map(|check| check.read.iter().chain(check.parts.iter().flat_map(|part| &part.read)))
            .flat_map(linux::programs)
            .copied()
            .collect();
        let programs = std::thread::scope(|scope| {
            let running: Vec<_> =
                wanted.iter().map(|program| (*program, scope.spawn(|| host.run(*program)))).collect();
            running
                .into_iter()
                .map(|(program, thread)| {
                    let died = |_| Err(unreadable(format!("{program:?}"), "its reader stopped; report this"));
                    (program, thread.join().unwrap_or_else(died))
                })
                .collect()
        });
        Self {
            host,
            os,
            catalogue,
            programs,
            services: OnceCell::new(),
            packages: OnceCell::new(),
            inventory: OnceCell::new(),
            answers: RefCell::default(),
            gaps: RefCell::default(),
        }
    }

    fn check(&self, check: &Check) -> CheckReading {
        let (source, reading) = if let Some(why) = no_meaning(check, self.os) {
            (String::new(), Reading::NotApplicable { why })
        } else if let Some(why) = check.only_where.as_ref().and_then(|condition| self.outside(condition)) {
            (String::new(), Reading::NotApplicable { why })
        } else if check.parts.is_empty() {
            self.first(&check.read)
        } else {
            self.parts(check)
        };
        CheckReading { check: check.id.clone(), source, reading }
    }

    /// Why the check has no meaning here; `None` where it has one, or where that could not be seen: then its own reading
    /// decides.
    fn outside(&self, condition: &Condition) -> Option<String> {
        let (_, reading) = self.first(&condition.read);
        let values = match reading {
            Reading::Unreadable { .. } => return None,
            Reading::Value(value) => vec![value],
            Reading::Each(values) => values.into_iter().filter_map(|named| named.value).collect(),
            Reading::Absent | Reading::NotApplicable { .. } => Vec::new(),
        };
        // A condition is about what is here, never about a date or the practice, so those are left empty.
        let context = Context {
            os: self.os,
            day: Date::constant(1970, 1, 1),
            profile: &PracticeProfile::default(),
            eol: &self.catalogue.eol,
        };
        let here = values.iter().any(|value| meets(&condition.expect, value, &context) == Met::Yes);
        (!here).then(|| condition.otherwise.clone())
    }

    /// The first place that holds something.
    fn first(&self, sources: &[Source]) -> Found {
        let mut looked = Vec::new();
        let mut not_here = None;
        for source in sources {
            let (place, reading) = self.source(source);
            match reading {
                Reading::Absent => looked.push(place),
                Reading::NotApplicable { why } => {
                    not_here.get_or_insert((place, why));
                }
                Reading::Each(values) if values.is_empty() => looked.push(place),
                Reading::Value(_) | Reading::Each(_) | Reading::Unreadable { .. } => return (place, reading),
            }
        }
        match not_here {
            Some((place, why)) if looked.is_empty() => (place, Reading::NotApplicable { why }),
            _ => (looked.join(" and "), Reading::Absent),
        }
    }

    /// All parts as named values, each under its part's name.
    fn parts(&self, check: &Check) -> Found {
        let mut places = Vec::new();
        let mut values = Vec::new();
        let mut not_here = None;
        for part in &check.parts {
            let (place, reading) = self.first(&part.read);
            let mut push = |value, unreadable| {
                values.push(NamedValue { name: part.name.clone(), value, unreadable });
            };
            match reading {
                Reading::Value(value) => push(Some(value), None),
                Reading::Absent => push(None, None),
                Reading::Unreadable { why } => push(None, Some(why)),
                Reading::Each(each) => values.extend(
                    each.into_iter()
                        .map(|named| NamedValue { name: format!("{}: {}", part.name, named.name), ..named }),
                ),
                Reading::NotApplicable { why } => {
                    not_here.get_or_insert(why);
                    continue;
                }
            }
            if !places.contains(&place) {
                places.push(place);
            }
        }
        match not_here {
            Some(why) if values.is_empty() => (String::new(), Reading::NotApplicable { why }),
            _ => (places.join(", "), Reading::Each(values)),
        }
    }

    fn source(&self, source: &Source) -> Found {
        match source {
            Source::NotYet(what) => (String::new(), Reading::Unreadable { why: what.clone() }),
            Source::OperatingSystem => {
                let text = format!("{}, build {}", self.os.name, self.os.build);
                ("operating system".to_owned(), Reading::Value(Value::Text(text)))
            }
            Source::Path(path) => (
                path.clone(),
                self.answer(self.host.metadata(Path::new(path)), |_| Reading::Value(Value::Bool(true))),
            ),
            Source::Ini { path, section, key } => {
                let reading = self.answer(self.text(path), |text| {
                    text::ini(&text, section, key)
                        .map_or(Reading::Absent, |value| Reading::Value(Value::Text(value)))
                });
                (format!("{path} [{section}] {key}"), reading)
            }
            Source::Service(name) => (format!("service {name}"), self.service(name)),
            Source::Package(name) => (format!("package {name}"), self.package(name)),
            Source::Volumes => ("mounted disks".to_owned(), self.volumes()),
            Source::RemoteTools(tools) => {
                ("installed programs and services".to_owned(), self.remote_tools(tools))
            }
            other => linux::read(self, other).or_else(|| windows::read(self, other)).unwrap_or_else(|| {
                (String::new(), Reading::NotApplicable { why: "this system has no such place".to_owned() })
            }),
        }
    }

    /// Turns the host's answer into a reading: nothing there, unreadable (and a gap), or what `found` makes of it.
    fn answer<T>(&self, answer: Result<Option<T>, HostError>, found: impl FnOnce(T) -> Reading) -> Reading {
        match answer {
            Ok(Some(value)) => found(value),
            Ok(None) => Reading::Absent,
            Err(error) => self.gap(&error),
        }
    }

    /// Asks the system, once for each question: on Windows every answer costs a connection.
    fn query(&self, query: &SystemQuery) -> Result<Option<Answer>, HostError> {
        if let Some(known) = self.answers.borrow().get(query) {
            return known.clone();
        }
        let answer = self.host.query(query);
        self.answers.borrow_mut().insert(query.clone(), answer.clone());
        answer
    }

    fn gap(&self, error: &HostError) -> Reading {
        self.gaps.borrow_mut().insert(error.what.clone(), error.why.clone());
        Reading::Unreadable { why: error.to_string() }
    }

    /// A text file of at most 1 MiB; bytes that are not UTF-8 are replaced.
    fn text(&self, path: &str) -> Result<Option<String>, HostError> {
        let bytes = self.host.read_file(Path::new(path), 1 << 20)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// What a program printed; `None` if it is not installed. One that ended with an error is unreadable, because half a
    /// configuration would be judged as a whole one.
    fn output(&self, program: Program) -> Result<Option<&str>, HostError> {
        match self.programs.get(&program) {
            None | Some(Ok(None)) => Ok(None),
            Some(Err(error)) => Err(error.clone()),
            Some(Ok(Some(output))) if output.success => Ok(Some(&output.stdout)),
            Some(Ok(Some(output))) => {
                let said = output.stderr.lines().map(str::trim).find(|line| !line.is_empty());
                let why = format!(
                    "it said {:?}; run as administrator, and if that does not help, type it by hand",
                    said.unwrap_or("")
                );
                Err(unreadable(linux::command(program), why))
            }
        }
    }

    fn services(&self) -> Result<&[Service], HostError> {
        self.services.get_or_init(|| self.host.services()).as_deref().map_err(Clone::clone)
    }

    fn packages(&self) -> Result<&[Package], HostError> {
        let read = || {
            let (packages, errors) = self.host.packages()?;
            for error in errors {
                self.gap(&error);
            }
            Ok(packages)
        };
        self.packages.get_or_init(read).as_deref().map_err(Clone::clone)
    }

    fn service(&self, name: &str) -> Reading {
        let services = match self.services() {
            Ok(services) => services,
            Err(error) => return self.gap(&error),
        };
        let service = services.iter().find(|service| {
            let own = service.name.strip_suffix(".service").unwrap_or(&service.name);
            own.eq_ignore_ascii_case(name)
        });
        service.map_or(Reading::Absent, |service| Reading::Value(Value::Bool(service.running)))
    }

    fn package(&self, name: &str) -> Reading {
        match self.packages() {
            Ok(packages) => packages
                .iter()
                .find(|package| package.name == name)
                .map_or(Reading::Absent, |package| Reading::Value(Value::Text(package.version.clone()))),
            Err(error) => self.gap(&error),
        }
    }

    /// Disks that hold data. Boot partitions stay readable by design.
    fn volumes(&self) -> Reading {
        let read = || {
            let (inventory, errors) = self.host.inventory()?;
            for error in errors {
                self.gap(&error);
            }
            Ok(inventory)
        };
        let inventory = match self.inventory.get_or_init(read) {
            Ok(inventory) => inventory,
            Err(error) => return self.gap(error),
        };
        let on_disk = |system: &str| {
            [
                "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "ntfs", "ntfs3",
                "fuseblk",
            ]
            .contains(&system.to_ascii_lowercase().as_str())
        };
        let volumes = inventory.hardware.volumes.iter();
        let volumes =
            volumes.filter(|volume| on_disk(&volume.file_system) && !volume.mount.starts_with("/boot"));
        Reading::Each(
            volumes
                .map(|volume| NamedValue {
                    name: volume.mount.clone(),
                    value: volume.encrypted.map(Value::Bool),
                    unreadable: volume.encrypted.is_none().then(|| {
                        "whether it is encrypted could not be seen; run as administrator".to_owned()
                    }),
                })
                .collect(),
        )
    }

    fn remote_tools(&self, tools: &BTreeMap<String, String>) -> Reading {
        let (packages, services) = match (self.packages(), self.services()) {
            (Ok(packages), Ok(services)) => (packages, services),
            (Err(error), _) | (_, Err(error)) => return self.gap(&error),
        };
        let names: Vec<&str> = packages
            .iter()
            .map(|package| package.name.as_str())
            .chain(services.iter().map(|service| service.name.as_str()))
            .collect();
        let here = tools.iter().filter(|(_, pattern)| {
            compile(pattern).is_ok_and(|regex| names.iter().any(|name| regex.is_match(name)))
        });
        Reading::Value(Value::List(here.map(|(tool, _)| tool.clone()).collect()))
    }
}

fn unreadable(what: impl Into<String>, why: impl Into<String>) -> HostError {
    HostError { what: what.into(), why: why.into() }
}
