//! What stands in a demo practice: its computers, their systems, and what the stories do to them.

use enamel_types::device::{DeviceRole, OsFamily, OsInfo};
use enamel_types::{AgentId, DeviceId, Minter, Timestamp};

use super::content::System;
use super::dice::Dice;
use super::faults::{Care, days};
use super::plan::{Computer, ComputerKind, Planner, Practice, Story};

impl Planner<'_> {
    /// Its computers, with what is wrong with each.
    pub(super) fn computers(&self, practice: &Practice, count: usize, domain: &str) -> Vec<Computer> {
        let short: String = domain.chars().filter(char::is_ascii_alphabetic).take(5).collect();
        let short = short.to_uppercase();
        let office = practice.dice.named("office");
        let care = Care { level: practice.story.care(), from: practice.enrolled_at, now: self.now };
        let mut desks = 0;
        kinds_of(count, &mut practice.dice.named("kinds"))
            .into_iter()
            .enumerate()
            .map(|(index, kind)| {
                let own = practice.dice.named("computer").of(index);
                let mut roll = own.named("itself");
                let enrolled_at = practice.enrolled_at + days(roll.share() * 1.5);
                let mut fill = |bytes: &mut [u8]| roll.fill(bytes);
                let mut minter = Minter::new(&mut fill);
                let device = DeviceId::from_uuid(minter.uuid(enrolled_at));
                let agent = AgentId::from_uuid(minter.uuid(enrolled_at));
                let name = match kind {
                    ComputerKind::Server => format!("{short}-SRV"),
                    ComputerKind::Storage => format!("{short}-NAS"),
                    ComputerKind::Manager => format!("{short}-OFFICE"),
                    ComputerKind::Imaging => format!("{short}-XRAY"),
                    ComputerKind::Laptop => format!("{short}-DR"),
                    ComputerKind::FrontDesk => format!("{short}-FRONT"),
                    ComputerKind::Operatory => {
                        desks += 1;
                        format!("{short}-OP{desks}")
                    }
                };
                let site = &practice.sites[if index < 6 { 0 } else { index % practice.sites.len() }];
                let asleep =
                    kind == ComputerKind::Laptop && practice.story == Story::Fine && roll.chance(0.2);
                let systems = self.systems(kind, practice.story, enrolled_at, &mut own.named("system"));
                Computer {
                    device,
                    agent,
                    name,
                    kind,
                    site: site.id,
                    enrolled_at,
                    asleep_days: if asleep { 9.0 + roll.share() * 20.0 } else { 0.0 },
                    faults: care.faults(self.content, kind, &office, &own.named("faults")),
                    systems,
                    dice: own,
                }
            })
            .collect()
    }

    /// The systems that a computer has had, oldest first.
    fn systems(
        &self,
        kind: ComputerKind,
        story: Story,
        from: Timestamp,
        dice: &mut Dice,
    ) -> Vec<(Timestamp, OsInfo)> {
        let neglect = 1.0 - story.care();
        let role = match kind {
            ComputerKind::Server if dice.chance(0.7) => DeviceRole::DomainController,
            ComputerKind::Server | ComputerKind::Storage => DeviceRole::Server,
            _ => DeviceRole::Workstation,
        };
        let late = |dice: &mut Dice| self.now - days(25.0 + dice.share() * 250.0);
        let mut ids: Vec<(Timestamp, &str)> = Vec::new();
        let mut luck = dice.share();
        if story == Story::Perfect {
            luck = 0.0;
        }
        match kind {
            ComputerKind::Storage => ids.push((from, if luck < 0.5 { "debian-12" } else { "ubuntu-24.04" })),
            ComputerKind::Server => ids.push((
                from,
                match luck {
                    ..0.45 => "server-2022",
                    ..0.80 => "server-2019",
                    _ if story == Story::Bad => "server-2012",
                    _ => "server-2016",
                },
            )),
            ComputerKind::Imaging => ids.push((
                from,
                match luck {
                    ..0.40 => "windows-11-25h2",
                    ..0.76 => "windows-10-iot",
                    _ if luck > 1.0 - 0.14 * neglect => "windows-7",
                    _ => "windows-10",
                },
            )),
            _ => {
                // Windows 10 ended a year ago and is being replaced; the yearly release is installed by and by.
                if dice.chance(0.35 * neglect) {
                    ids.push((from, "windows-10"));
                    if !dice.chance(0.35 * neglect) {
                        ids.push((late(dice).max(from), "windows-11-25h2"));
                    }
                } else if luck < 0.5 {
                    ids.push((from, "windows-11-25h2"));
                } else {
                    ids.push((from, "windows-11-24h2"));
                    if !dice.chance(0.25 * neglect * neglect) {
                        ids.push((late(dice).max(from), "windows-11-25h2"));
                    }
                }
            }
        }
        let known = |(at, id)| Some((at, os_info(self.content.system(id)?, role)));
        ids.into_iter().filter_map(known).collect()
    }

    /// What the stories do to the computers.
    pub(super) fn trouble(&self, practice: &mut Practice) {
        let now = self.now;
        for computer in &mut practice.computers {
            let begins: &[(&str, f64)] = match (practice.story, computer.kind) {
                (Story::Trouble, ComputerKind::FrontDesk) => &[("W23", 0.9), ("W55", 1.3)],
                (Story::Trouble, ComputerKind::Server) => &[("W50", 0.8)],
                (Story::Incident, ComputerKind::Manager) => &[("W08", 212.0), ("W16", 211.0)],
                (Story::Bad, ComputerKind::Server) => {
                    &[("W08", 900.0), ("secret.open-dental-config", 900.0), ("folder.documents", 900.0)]
                }
                (Story::Bad, ComputerKind::Laptop) => &[("W01", 700.0), ("folder.export", 500.0)],
                _ => &[],
            };
            for (key, ago) in begins {
                computer.faults.begin(key, now - days(*ago));
            }
            if practice.story == Story::Incident {
                for key in ["W08", "W16"] {
                    computer.faults.end(key, now - days(209.0));
                }
            }
        }
    }
}

fn os_info(system: &System, role: DeviceRole) -> OsInfo {
    OsInfo {
        family: system.family,
        name: system.name.clone(),
        product: system.product.clone(),
        version: system.version.clone(),
        build: system.build.clone(),
        edition: system.edition.clone(),
        role: if system.family == OsFamily::Linux { DeviceRole::Server } else { role },
    }
}

/// What so many computers are for: the first few are what every office has.
fn kinds_of(count: usize, roll: &mut Dice) -> Vec<ComputerKind> {
    use ComputerKind::{FrontDesk, Imaging, Laptop, Manager, Operatory, Server, Storage};
    let mut kinds = vec![Server, FrontDesk, Imaging, Operatory, Laptop, Manager];
    if count > 9 && roll.chance(0.35) {
        kinds.push(Storage);
    }
    kinds.resize(count.max(kinds.len()), Operatory);
    kinds.truncate(count);
    kinds
}
