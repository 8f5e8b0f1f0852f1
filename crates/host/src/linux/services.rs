//! Services: what is there, what starts by itself, what runs.
//!
//! Nothing is asked over D-Bus and no program is run. Facts: unit files in systemd.unit(5)'s search path, links in
//! `.wants` and `.requires` folders, `/etc/rc?.d` for the older kind; and for what runs the control group of every
//! process, or, where systemd does not run (a container, a mounted disk), the program that the unit would start.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use enamel_types::software::Service;

use super::files::Root;
use crate::HostError;

const LIMIT: usize = 1024 * 1024;

/// systemd.unit(5), first wins.
const UNIT_FOLDERS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Targets that an ordinary start never reaches: what they want does not start by itself.
const OTHER_TARGETS: [&str; 9] =
    ["initrd", "rescue", "emergency", "halt", "poweroff", "reboot", "kexec", "shutdown", "system-update"];

/// Programs that run somebody else's code: that one of them runs says nothing about a service.
const INTERPRETERS: [&str; 7] = ["sh", "bash", "dash", "env", "python3", "perl", "java"];

#[derive(Default)]
struct Unit {
    masked: bool,
    program: Option<PathBuf>,
}

pub(super) fn read(root: &Root) -> Result<Vec<Service>, HostError> {
    let mut units: BTreeMap<String, Unit> = BTreeMap::new();
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for folder in UNIT_FOLDERS {
        for name in root.names(folder)? {
            let path = Path::new(folder).join(&name);
            let (stem, kind) = name.rsplit_once('.').unwrap_or((&name, ""));
            match kind {
                "wants" | "requires" if !OTHER_TARGETS.iter().any(|target| name.starts_with(target)) => {
                    wanted.extend(root.names(&path)?);
                }
                "service" if !stem.ends_with('@') && !units.contains_key(&name) => {
                    if let Some(unit) = read_unit(root, &path, &name)? {
                        units.insert(name, unit);
                    }
                }
                _ => {}
            }
        }
    }
    // `getty@tty1.service` has no file of its own: a link to the template's makes it.
    for name in wanted.iter().filter(|name| is_service(name) && name.contains('@')) {
        units.entry(name.clone()).or_default();
    }
    let running = Running::read(root)?;
    for name in &running.units {
        units.entry(name.clone()).or_default();
    }
    let mut services: Vec<Service> =
        units.iter().map(|(name, unit)| service(root, name, unit, &wanted, &running)).collect();
    services.extend(old_scripts(root, &units, &running)?);
    services.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(services)
}

fn service(root: &Root, name: &str, unit: &Unit, wanted: &BTreeSet<String>, running: &Running) -> Service {
    let stem = name.trim_end_matches(".service");
    // A socket or a bus name that is waited for starts its service with the first caller.
    let socket = format!("{stem}.socket");
    let starts = !unit.masked && (wanted.contains(name) || wanted.contains(&socket));
    let program = unit.program.as_deref().filter(|_| !running.systemd);
    let runs =
        running.units.contains(name) || program.is_some_and(|program| running.has_program(root, program));
    Service { name: stem.to_owned(), running: runs, autostart: Some(starts) }
}

fn is_service(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, kind)| kind == "service")
}

/// `None` for a link that only gives another unit a second name.
fn read_unit(root: &Root, path: &Path, name: &str) -> Result<Option<Unit>, HostError> {
    if let Some(target) = root.link(path) {
        if target == Path::new("/dev/null") {
            return Ok(Some(Unit { masked: true, program: None }));
        }
        if target.file_name().is_some_and(|file| file != name) {
            return Ok(None);
        }
    }
    let text = root.text(path, LIMIT)?.unwrap_or_default();
    let start = text.lines().find_map(|line| line.trim().strip_prefix("ExecStart=")).unwrap_or_default();
    // systemd.service(5): `@`, `-`, `:`, `+` and `!` before the path change how it is run.
    let program =
        start.trim_start_matches(['@', '-', ':', '+', '!']).split_whitespace().next().map(PathBuf::from);
    Ok(Some(Unit { masked: false, program: program.filter(|program| program.is_absolute()) }))
}

/// What runs now.
struct Running {
    /// Whether systemd is process 1, so that control groups name every service.
    systemd: bool,
    units: BTreeSet<String>,
    programs: BTreeSet<PathBuf>,
}

impl Running {
    fn read(root: &Root) -> Result<Self, HostError> {
        let first = root.text("/proc/1/comm", 64)?.unwrap_or_default();
        let mut running =
            Self { systemd: first.trim() == "systemd", units: BTreeSet::new(), programs: BTreeSet::new() };
        for pid in root.names("/proc")? {
            if !pid.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let folder = Path::new("/proc").join(&pid);
            if running.systemd {
                // A process that ended meanwhile is no error.
                let groups = root.text(folder.join("cgroup"), LIMIT).ok().flatten().unwrap_or_default();
                running.units.extend(service_of(&groups));
            } else {
                running.programs.extend(root.link(&folder.join("exe")));
            }
        }
        Ok(running)
    }

    fn has_program(&self, root: &Root, program: &Path) -> bool {
        let name = program.file_name().unwrap_or_default();
        if INTERPRETERS.iter().any(|interpreter| name == *interpreter) {
            return false;
        }
        let real = root.link(program).and_then(|target| Some(program.parent()?.join(target)));
        self.programs.contains(program) || real.is_some_and(|real| self.programs.contains(&real))
    }
}

/// The system service that a process belongs to, from `/proc/PID/cgroup`: the first `.service` on its path.
fn service_of(groups: &str) -> Option<String> {
    let line = groups.lines().find(|line| line.starts_with("0::") || line.contains(":name=systemd:"))?;
    let path = line.splitn(3, ':').nth(2)?;
    path.split('/').find(|part| is_service(part)).map(str::to_owned)
}

/// Scripts in `/etc/init.d` that no unit replaces.
fn old_scripts(
    root: &Root,
    units: &BTreeMap<String, Unit>,
    running: &Running,
) -> Result<Vec<Service>, HostError> {
    let mut started = BTreeSet::new();
    for level in 2..=5 {
        let links = root.names(format!("/etc/rc{level}.d"))?;
        started.extend(links.iter().filter_map(|link| link.strip_prefix('S')?.get(2..).map(str::to_owned)));
    }
    let mut services = Vec::new();
    for name in root.names("/etc/init.d")? {
        if units.contains_key(&format!("{name}.service")) || name.starts_with('.') || name == "README" {
            continue;
        }
        let runs = running.units.contains(&format!("{name}.service"))
            || running
                .programs
                .iter()
                .any(|program| program.file_name().is_some_and(|file| file == name.as_str()));
        let autostart = Some(started.contains(&name));
        services.push(Service { name, running: runs, autostart });
    }
    Ok(services)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_of_a_process() {
        let v2 = "0::/system.slice/system-getty.slice/getty@tty1.service\n";
        assert_eq!(service_of(v2).as_deref(), Some("getty@tty1.service"));
        let v1 = "4:memory:/system.slice\n1:name=systemd:/system.slice/cron.service\n0::/\n";
        assert_eq!(service_of(v1).as_deref(), Some("cron.service"));
        let session = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n";
        assert_eq!(service_of(session).as_deref(), Some("user@1000.service"));
        assert_eq!(service_of("0::/init.scope\n"), None);
    }
}
