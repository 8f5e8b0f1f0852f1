//! What a sensor sees of a demo computer at a moment: its inventory and its configuration.

use enamel_types::config_state::{CheckReading, ConfigState, Reading, Value};
use enamel_types::device::{
    DeviceInventory, DeviceRole, Hardware, ListeningSocket, OsFamily, OsInfo, Share, User, Volume,
};
use enamel_types::{Body, Timestamp};
use jiff::tz::TimeZone;

use super::content::{Content, ReadingRow};
use super::dice::whole;
use super::faults::days;
use super::plan::{Computer, ComputerKind, Practice};

/// A computer, the practice it belongs to, and the moment somebody looks.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) content: &'a Content,
    pub(super) practice: &'a Practice,
    pub(super) computer: &'a Computer,
    pub(super) at: Timestamp,
}

impl Look<'_> {
    /// Whether something is wrong now.
    pub(super) fn wrong(&self, key: &str) -> bool {
        self.computer.faults.at(key, self.at)
    }

    /// Months since 1970: versions grow by it.
    pub(super) fn month(&self) -> i64 {
        let date = self.at.to_zoned_datetime(TimeZone::UTC).date();
        i64::from(date.year() - 1970) * 12 + i64::from(date.month())
    }

    /// The system as it stands now; `None` for a computer without one, which no plan has.
    pub(super) fn os(&self) -> Option<OsInfo> {
        let mut os = self.computer.system(self.at)?.clone();
        os.build = os.build.replace("{patch}", &(5_000 + (self.month() - 660) * 130).to_string());
        Some(os)
    }

    /// What the computer is.
    pub(super) fn inventory(&self) -> Option<Body> {
        let os = self.os()?;
        let mut dice = self.computer.dice.named("hardware");
        let machine = dice.pick(&self.content.machines).clone();
        let server = os.role != DeviceRole::Workstation;
        let windows = os.family == OsFamily::Windows;
        let gigabytes = |number: u64| number * 1_000_000_000;
        let volume = |mount: &str, size: u64, encrypted: bool, share: f64| Volume {
            mount: mount.to_owned(),
            file_system: if windows { "NTFS" } else { "ext4" }.to_owned(),
            size_bytes: gigabytes(size),
            free_bytes: gigabytes(whole(size as f64 * share)),
            encrypted: Some(encrypted),
        };
        let mut volumes = Vec::new();
        if windows {
            volumes.push(volume("C:\\", machine.disk_gb, !self.wrong("W01"), 0.2 + 0.5 * dice.share()));
            if server {
                volumes.push(volume("D:\\", machine.disk_gb * 4, !self.wrong("W02"), 0.3 * dice.share()));
            }
        } else {
            volumes.push(volume("/", 64, true, 0.6));
            volumes.push(volume("/srv", machine.disk_gb * 8, !self.wrong("L10"), 0.4 * dice.share()));
        }
        // Addresses of the private range that home routers give out.
        let address = format!("192.168.{}.{}", 10 + dice.between(0, 3), dice.between(20, 200));
        Some(Body::DeviceInventory(DeviceInventory {
            hostname: self.computer.name.clone(),
            hardware: Hardware {
                cpu: machine.cpu,
                cores: machine.cores,
                memory_bytes: machine.memory_gb << if server { 32 } else { 30 },
                volumes,
            },
            users: self.users(windows),
            shares: self.shares(),
            addresses: vec![address],
            listening: self.listening(),
            os,
        }))
    }

    fn users(&self, windows: bool) -> Vec<User> {
        let user = |name: &str, number: u32, admin| User {
            name: name.to_owned(),
            uid: if windows { format!("S-1-5-21-demo-{number}") } else { number.to_string() },
            admin,
            enabled: true,
        };
        let who = match self.computer.kind {
            ComputerKind::Server | ComputerKind::Storage => "backup",
            ComputerKind::FrontDesk => "frontdesk",
            ComputerKind::Operatory => "operatory",
            ComputerKind::Manager => "manager",
            ComputerKind::Imaging => "xray",
            ComputerKind::Laptop => "doctor",
        };
        let mut users = vec![user("msp-admin", 1000, true), user(who, 1001, self.wrong("W34"))];
        if self.wrong("W34") {
            users.push(user("xraysetup", 1002, true));
        }
        users
    }

    fn shares(&self) -> Vec<Share> {
        let share = |name: &str, path: &str, guest| Share {
            name: name.to_owned(),
            path: path.to_owned(),
            guest: Some(guest),
        };
        match self.computer.kind {
            ComputerKind::Server => {
                vec![share("Images", r"D:\Images", self.wrong("W50")), share("Shared", r"D:\Shared", false)]
            }
            ComputerKind::Storage => {
                vec![share("images", "/srv/images", false), share("scans", "/srv/scans", self.wrong("L09"))]
            }
            _ => Vec::new(),
        }
    }

    fn listening(&self) -> Vec<ListeningSocket> {
        let socket = |port, process: &str| ListeningSocket {
            protocol: "tcp".to_owned(),
            address: "0.0.0.0".to_owned(),
            port,
            process: Some(process.to_owned()),
        };
        let mut sockets = match self.computer.kind {
            ComputerKind::Storage => vec![socket(22, "sshd"), socket(445, "smbd")],
            ComputerKind::Server => {
                let mut sockets = vec![socket(445, "System")];
                if self.practice.products.iter().any(|product| product == "open-dental") {
                    sockets.push(socket(3306, "mariadbd.exe"));
                }
                sockets
            }
            _ => vec![socket(135, "svchost.exe")],
        };
        if self.wrong("W08") {
            sockets.push(socket(3389, "svchost.exe"));
        }
        sockets
    }

    /// How the computer is set up: a reading for each check of its family of systems.
    pub(super) fn configuration(&self) -> Option<Body> {
        let os = self.os()?;
        let letter = match os.family {
            OsFamily::Windows => 'W',
            OsFamily::Linux => 'L',
        };
        let rows = self.content.readings.iter().filter(|row| row.check.as_str().starts_with(letter));
        let readings = rows.map(|row| self.reading(row, &os)).collect();
        Some(Body::ConfigState(ConfigState { os, readings }))
    }

    fn reading(&self, row: &ReadingRow, os: &OsInfo) -> CheckReading {
        if !row.roles.is_empty() && !row.roles.contains(&os.role) {
            let role = match os.role {
                DeviceRole::Workstation => "a workstation",
                DeviceRole::Server => "a server",
                DeviceRole::DomainController => "a domain controller",
                DeviceRole::Container => "a container",
            };
            let why = format!("it has no meaning on {role}");
            let reading = Reading::NotApplicable { why };
            return CheckReading { check: row.check.clone(), source: String::new(), reading };
        }
        let reading = match row.check.as_str() {
            "W32" => self.newest_update(),
            "W33" | "L04" => Reading::Value(Value::Text(format!("{}, build {}", os.name, os.build))),
            check => {
                let old = row.old.as_ref().filter(|_| os.product == "windows" && os.version.starts_with('6'));
                let usual = if self.wrong(check) { &row.bad } else { &row.good };
                old.or(usual.as_ref()).cloned().unwrap_or(Reading::Absent)
            }
        };
        let source =
            if matches!(reading, Reading::NotApplicable { .. }) { String::new() } else { row.source.clone() };
        CheckReading { check: row.check.clone(), source, reading }
    }

    /// Updates come every three weeks or so, but where they have stopped.
    fn newest_update(&self) -> Reading {
        let day = if let Some(since) = self.computer.faults.since("W32", self.at) {
            // By the time it counts as overdue, the last one was this long ago.
            since - days(36.0)
        } else {
            let today = self.at.as_second().div_euclid(86_400);
            let offset = self.computer.dice.named("updates").between(0, 20).cast_signed();
            self.at - days((1 + (today + offset).rem_euclid(21)) as f64)
        };
        Reading::Value(Value::Text(day.to_zoned_datetime(TimeZone::UTC).date().to_string()))
    }
}
