//! Folders that the network can see, and those that are more open than they should be.
//!
//! Facts: `testparm`'s view of Samba's configuration where it is installed, otherwise smb.conf(5) read here, without
//! following `include`; exports(5) for NFS.

use std::path::Path;

use enamel_types::config_state::Value;
use enamel_types::device::Share;

use super::files::Root;
use crate::{Answer, HostError};

const LIMIT: usize = 4 * 1024 * 1024;

/// A share with what decides who may do what in it.
pub(super) struct OpenShare {
    share: Share,
    writable: bool,
    /// NFS: root on a client is root here.
    keeps_root: bool,
}

/// All shares. `samba` is what `testparm` printed, if it could be run.
pub(super) fn read(root: &Root, samba: Option<&str>, gaps: &mut Vec<HostError>) -> Vec<OpenShare> {
    let mut shares = Vec::new();
    let own;
    let config = if let Some(config) = samba {
        config
    } else {
        own = text(root, Path::new("/etc/samba/smb.conf"), gaps);
        if own.lines().filter_map(option).any(|(name, _)| name == "include" || name == "configfile") {
            gaps.push(HostError::new(
                "files that /etc/samba/smb.conf includes",
                "they are read by testparm only; install samba-common-bin",
            ));
        }
        &own
    };
    shares.extend(samba_shares(config));
    let mut exports = vec![Path::new("/etc/exports").to_path_buf()];
    match root.list(Path::new("/etc/exports.d")) {
        Ok(more) => exports.extend(more.unwrap_or_default()),
        Err(error) => gaps.push(error),
    }
    for file in exports {
        shares.extend(nfs_exports(&text(root, &file, gaps)));
    }
    shares
}

/// The shares alone, as an inventory lists them.
pub(super) fn listed(shares: Vec<OpenShare>) -> Vec<Share> {
    shares.into_iter().map(|open| open.share).collect()
}

/// What is wider than it should be, by share.
pub(super) fn too_open(root: &Root, shares: &[OpenShare]) -> Result<Answer, HostError> {
    let mut answer = Answer::new();
    for OpenShare { share, writable, keeps_root } in shares {
        let mut note = |text: String| answer.push((share.name.clone(), Value::Text(text)));
        if share.guest == Some(true) {
            note(format!(
                "anybody on the network may {} without a password",
                if *writable { "write" } else { "read" }
            ));
        }
        if *keeps_root {
            note("root on any client is root here (no_root_squash)".to_owned());
        }
        let meta = if share.path.starts_with('/') { root.metadata(Path::new(&share.path))? } else { None };
        if meta.and_then(|meta| meta.mode).is_some_and(|mode| mode & 0o1002 == 0o0002) {
            note(format!("{} is writable for every account of this computer", share.path));
        }
    }
    Ok(answer)
}

fn text(root: &Root, path: &Path, gaps: &mut Vec<HostError>) -> String {
    match root.text(path, LIMIT) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => {
            gaps.push(error);
            String::new()
        }
    }
}

/// smb.conf(5): names of options compare without case and spaces.
fn option(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    Some((name.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase(), value.trim()))
}

fn yes(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "yes" | "true" | "1" | "on")
}

fn samba_shares(config: &str) -> Vec<OpenShare> {
    let mut shares: Vec<OpenShare> = Vec::new();
    // What a share does not say itself it takes from [global].
    let (mut guest, mut writable) = (false, false);
    let mut in_share = false;
    for line in config.lines() {
        if let Some(name) = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            in_share = !name.eq_ignore_ascii_case("global");
            if in_share {
                let share = Share { name: name.to_owned(), path: String::new(), guest: Some(guest) };
                shares.push(OpenShare { share, writable, keeps_root: false });
            }
            continue;
        }
        let Some((name, value)) = option(line) else { continue };
        let current = if in_share { shares.last_mut() } else { None };
        match (name.as_str(), current) {
            ("path" | "directory", Some(open)) => value.clone_into(&mut open.share.path),
            ("guestok" | "public", Some(open)) => open.share.guest = Some(yes(value)),
            ("guestok" | "public", None) => guest = yes(value),
            ("readonly", Some(open)) => open.writable = !yes(value),
            ("readonly", None) => writable = !yes(value),
            ("writable" | "writeable" | "writeok", Some(open)) => open.writable = yes(value),
            ("writable" | "writeable" | "writeok", None) => writable = yes(value),
            _ => {}
        }
    }
    // Printers are no folders; a share that is switched off (`available = no`) is rare enough to be listed.
    shares.retain(|open| !matches!(open.share.name.as_str(), "printers" | "print$"));
    shares
}

/// exports(5): `path client(options) client(options)`; a backslash at the end of a line continues it.
fn nfs_exports(text: &str) -> Vec<OpenShare> {
    let joined = text.replace("\\\n", " ");
    let mut shares = Vec::new();
    for line in joined.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let (path, clients) = match line.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
            Some(quoted) => quoted,
            None => line.split_once(char::is_whitespace).unwrap_or((line, "")),
        };
        if !path.starts_with('/') {
            continue;
        }
        let mut open = OpenShare {
            share: Share {
                name: format!("nfs:{path}"),
                path: path.to_owned(),
                guest: Some(clients.trim().is_empty()),
            },
            writable: false,
            keeps_root: false,
        };
        for client in clients.split_whitespace() {
            let (who, options) = client.split_once('(').unwrap_or((client, ""));
            let options: Vec<&str> = options.trim_end_matches(')').split(',').collect();
            // NFS without Kerberos asks for no password; a client list is its only lock.
            let kerberos = options.iter().any(|option| option.starts_with("sec=krb5"));
            if (who.is_empty() || who == "*") && !kerberos {
                open.share.guest = Some(true);
            }
            open.writable |= options.contains(&"rw");
            open.keeps_root |= options.contains(&"no_root_squash");
        }
        shares.push(open);
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samba_options_in_all_their_spellings() {
        let config = "[global]\n guest ok = no\n[Scans]\n  path = /srv/scans\n Public = Yes\n writeable = yes\n\
            ; path = /wrong\n[x-rays]\n directory=/srv/xrays\n read only = no\n[printers]\n path=/var/spool\n";
        let seen: Vec<_> = samba_shares(config)
            .into_iter()
            .map(|open| (open.share.name, open.share.path, open.share.guest, open.writable))
            .collect();
        let expected = [
            ("Scans".to_owned(), "/srv/scans".to_owned(), Some(true), true),
            ("x-rays".to_owned(), "/srv/xrays".to_owned(), Some(false), true),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn nfs_clients_and_options() {
        let text = "/srv/scans *(rw,no_root_squash) 10.0.0.2(ro)\n\"/srv/x rays\" 10.0.0.0/24(ro) # all\n\
            /srv/krb \\\n *(rw,sec=krb5p)\n/srv/open\nnot-a-path *(rw)\n";
        let seen: Vec<_> = nfs_exports(text)
            .into_iter()
            .map(|open| (open.share.path, open.share.guest, open.writable, open.keeps_root))
            .collect();
        let expected = [
            ("/srv/scans".to_owned(), Some(true), true, true),
            ("/srv/x rays".to_owned(), Some(false), false, false),
            ("/srv/krb".to_owned(), Some(false), true, false),
            ("/srv/open".to_owned(), Some(true), false, false),
        ];
        assert_eq!(seen, expected);
    }
}
