//! Folders that the network can see, and those that are more open than they should be.
#![allow(unsafe_code, reason = "netapi32 is called, and what it allocates is read")]

use std::path::Path;

use enamel_types::config_state::Value;
use enamel_types::device::Share;
use windows_sys::Win32::NetworkManagement::NetManagement::MAX_PREFERRED_LENGTH;
use windows_sys::Win32::Storage::FileSystem::{NetShareEnum, SHARE_INFO_502};

use super::access::{Grant, descriptor_grants, file_grants};
use super::memory::{NetList, reason, text_at};
use crate::{Answer, HostError, SHARES};

/// Of a share's type: the low byte 0 is a folder; this bit marks the administrators' own (`C$`, `ADMIN$`).
const SPECIAL: u32 = 0x8000_0000;

/// A share with what its own access list gives to ordinary people; `None` if the list could not be seen.
struct Open {
    share: Share,
    grants: Option<Vec<Grant>>,
}

fn read() -> Result<Vec<Open>, HostError> {
    let mut list = NetList::<SHARE_INFO_502>::empty();
    let mut total = 0;
    // SAFETY: all out-pointers are valid, no server name means this computer, no resume handle is kept.
    let code = unsafe {
        NetShareEnum(
            std::ptr::null(),
            502,
            &raw mut list.start,
            MAX_PREFERRED_LENGTH,
            &raw mut list.count,
            &raw mut total,
            std::ptr::null_mut(),
        )
    };
    if code != 0 {
        return Err(HostError::new(SHARES, reason(code)));
    }
    // SAFETY: the call filled the list with level-502 entries.
    let entries = unsafe { list.entries() };
    let folders = entries.iter().filter(|entry| entry.shi502_type & (SPECIAL | 0xff) == 0);
    let shares = folders.map(|entry| {
        // SAFETY: the texts and the descriptor lie in the buffer that `list` owns.
        let (name, path, grants) = unsafe {
            (
                text_at(entry.shi502_netname),
                text_at(entry.shi502_path),
                descriptor_grants(entry.shi502_security_descriptor),
            )
        };
        let guests = |grants: &Vec<Grant>| {
            grants.iter().any(|grant| grant.read && matches!(grant.who, "Everyone" | "Guests"))
        };
        // On paper only: whether a guest gets in also depends on the guest account, which other checks read.
        Open { share: Share { name, path, guest: grants.as_ref().map(guests) }, grants }
    });
    Ok(shares.collect())
}

pub(super) fn listed() -> Result<Vec<Share>, HostError> {
    Ok(read()?.into_iter().map(|open| open.share).collect())
}

/// A right counts where the share and the folder behind it both give it.
pub(super) fn too_open() -> Result<Answer, HostError> {
    let mut answer = Answer::new();
    for Open { share, grants } in read()? {
        let folder = file_grants(Path::new(&share.path));
        let (Some(grants), Some(folder)) = (grants, folder) else {
            let what = format!("who may use the share {}", share.name);
            return Err(HostError::new(what, "its access lists could not be read; run as administrator"));
        };
        for grant in grants {
            let (read, write) =
                (grant.read && folder.iter().any(|f| f.read), grant.write && folder.iter().any(|f| f.write));
            let anybody = matches!(grant.who, "Everyone" | "Guests");
            // "Users" that may write to a share of their own office is the usual case, and not judged here.
            let wide = matches!(grant.who, "Everyone" | "Authenticated Users" | "Guests");
            if write && wide {
                answer.push((share.name.clone(), Value::Text(format!("{} may write", grant.who))));
            } else if read && anybody {
                answer.push((share.name.clone(), Value::Text(format!("{} may read", grant.who))));
            }
        }
    }
    Ok(answer)
}
