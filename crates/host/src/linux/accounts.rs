//! Accounts that can log on, and which of them administer the computer.
//!
//! Facts: passwd(5), shadow(5), group(5), and the grants of `/etc/sudoers`. No password hash leaves this module: only
//! whether there is a usable one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use enamel_types::device::User;

use super::files::Root;
use crate::HostError;

const LIMIT: usize = 4 * 1024 * 1024;

/// Groups whose members become root: by the sudoers files that distributions ship, or because whoever may start a
/// container may start it with the whole disk in it.
const ADMIN_GROUPS: [&str; 5] = ["sudo", "wheel", "admin", "docker", "lxd"];

pub(super) fn read(root: &Root, gaps: &mut Vec<HostError>) -> Vec<User> {
    let mut text = |path: &str| match root.text(path, LIMIT) {
        Ok(text) => text,
        Err(error) => {
            gaps.push(error);
            None
        }
    };
    let passwd = text("/etc/passwd").unwrap_or_default();
    let group = text("/etc/group").unwrap_or_default();
    let shadow = text("/etc/shadow");
    let sudoers = sudoers(root, gaps);
    let has_keys = |home: &str| {
        let keys = root.metadata(&Path::new(home).join(".ssh/authorized_keys"));
        keys.is_ok_and(|keys| keys.is_some_and(|keys| keys.size > 0))
    };
    users(&passwd, &group, shadow.as_deref(), &sudoers, &has_keys)
}

fn sudoers(root: &Root, gaps: &mut Vec<HostError>) -> String {
    let mut all = String::new();
    let mut files = vec![Path::new("/etc/sudoers").to_path_buf()];
    match root.list(Path::new("/etc/sudoers.d")) {
        Ok(listing) => files.extend(listing.unwrap_or_default()),
        Err(error) => gaps.push(error),
    }
    for file in files {
        match root.text(&file, LIMIT) {
            Ok(text) => {
                all.push_str(&text.unwrap_or_default());
                all.push('\n');
            }
            Err(error) => gaps.push(error),
        }
    }
    all
}

fn users(
    passwd: &str,
    group: &str,
    shadow: Option<&str>,
    sudoers: &str,
    has_keys: &dyn Fn(&str) -> bool,
) -> Vec<User> {
    let admin_groups = admin_groups(sudoers);
    let mut admins: BTreeSet<&str> = sudoers_users(sudoers);
    let mut admin_gids = BTreeSet::new();
    for line in group.lines() {
        let mut fields = line.split(':');
        let (Some(name), _, Some(gid)) = (fields.next(), fields.next(), fields.next()) else { continue };
        if admin_groups.contains(name) {
            admin_gids.insert(gid);
            admins.extend(fields.next().unwrap_or_default().split(',').filter(|member| !member.is_empty()));
        }
    }
    let states = shadow.map(shadow_states);
    let mut users = Vec::new();
    for line in passwd.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, in_passwd, uid, gid, _, home, shell] = fields[..] else { continue };
        let interactive =
            !["nologin", "false", "sync", "shutdown", "halt"].iter().any(|end| shell.ends_with(end));
        if !interactive {
            continue;
        }
        // Without shadow it cannot be seen whether the account is locked; it is then taken as enabled. A locked password
        // does not keep out an SSH key.
        let enabled = match (&states, in_passwd) {
            (_, "!" | "*") => has_keys(home),
            (Some(states), "x") => match states.get(name) {
                Some(State::Password) => true,
                Some(State::Locked) | None => has_keys(home),
                Some(State::Expired) => false,
            },
            _ => true,
        };
        users.push(User {
            name: name.to_owned(),
            uid: uid.to_owned(),
            admin: uid == "0" || admins.contains(name) || admin_gids.contains(gid),
            enabled,
        });
    }
    users
}

/// What shadow(5) says about an account.
enum State {
    /// Some password opens it; an empty field lets anybody in.
    Password,
    /// No password opens it (`!` or `*`).
    Locked,
    /// It ended: the eighth field is 0 or 1, as `chage -E 0` and `usermod -e 1` write it. Other dates are left alone,
    /// because nothing here reads a clock.
    Expired,
}

fn shadow_states(shadow: &str) -> BTreeMap<&str, State> {
    let states = shadow.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let state = match fields.get(7).copied().unwrap_or_default() {
            "0" | "1" => State::Expired,
            _ if fields.get(1)?.starts_with(['!', '*']) => State::Locked,
            _ => State::Password,
        };
        Some((*fields.first()?, state))
    });
    states.collect()
}

/// The groups that sudoers gives everything to, and those that distributions give it to by default.
fn admin_groups(sudoers: &str) -> BTreeSet<&str> {
    let granted = grants(sudoers).filter_map(|who| who.strip_prefix('%'));
    ADMIN_GROUPS.into_iter().chain(granted).collect()
}

fn sudoers_users(sudoers: &str) -> BTreeSet<&str> {
    grants(sudoers).filter(|who| !who.starts_with('%')).collect()
}

/// Who a line `who hosts=(runas) … ALL` grants every command to.
fn grants(sudoers: &str) -> impl Iterator<Item = &str> {
    sudoers.lines().filter_map(|line| {
        let line = line.trim();
        if line.starts_with('#') || line.starts_with("Defaults") || line.contains("_Alias") {
            return None;
        }
        let (who, rest) = line.split_once(char::is_whitespace)?;
        let (_, commands) = rest.split_once('=')?;
        commands.trim_end().ends_with("ALL").then_some(who)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_log_on_and_who_administers() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nfront:x:1000:1000::/home/front:/bin/bash\n\
            tech:x:1001:1001::/home/tech:/bin/zsh\nold:x:1002:1002::/home/old:/bin/sh\nwww:x:33:33::/:/usr/sbin/nologin\n\
            msp:x:1003:10::/home/msp:/bin/sh\nbad:line\n";
        let group = "sudo:x:27:tech\nwheel:x:10:\ndocker:x:99:old\nmsps:x:50:\n";
        let shadow = "root:*:1::\nfront:$y$abc:1::\ntech:!$y$abc:1::\nold::1::::::\n\
            msp:$6$x:1:::::1:\n";
        let sudoers = "Defaults env_reset\n%msps ALL=(ALL:ALL) ALL\nfront ALL=(root) /usr/bin/apt\n# old ALL=(ALL) ALL\n";
        let seen: Vec<(String, bool, bool)> =
            users(passwd, group, Some(shadow), sudoers, &|home| home == "/home/tech")
                .into_iter()
                .map(|user| (user.name, user.admin, user.enabled))
                .collect();
        let expected = [
            ("root", true, false),
            ("front", false, true),
            ("tech", true, true),
            ("old", true, true),
            ("msp", true, false),
        ];
        assert_eq!(seen, expected.map(|(name, admin, enabled)| (name.to_owned(), admin, enabled)));
        assert!(
            users(passwd, group, None, "", &|_| false).iter().all(|user| user.enabled),
            "unseen is not locked"
        );
        let everything = users(passwd, group, None, "front ALL=(ALL) NOPASSWD:ALL\n", &|_| false);
        assert!(everything[1].admin);
    }
}
