//! Access lists: whom a file or a share lets in beside its owner and administrators.
#![allow(unsafe_code, reason = "security descriptors are read through Windows' own functions")]

use std::ffi::c_void;
use std::os::windows::ffi::OsStrExt;
use std::path::Path;

use windows_sys::Win32::Security::Authorization::{GetNamedSecurityInfoW, SE_FILE_OBJECT};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, DACL_SECURITY_INFORMATION, GetAce, GetSecurityDescriptorDacl,
    PSECURITY_DESCRIPTOR,
};

use super::memory::{Local, sid_text};

/// Groups that hold ordinary people, with the name a reader knows.
const EVERYBODY: [(&str, &str); 4] = [
    ("S-1-1-0", "Everyone"),
    ("S-1-5-11", "Authenticated Users"),
    ("S-1-5-32-545", "Users"),
    ("S-1-5-32-546", "Guests"),
];

const ACCESS_ALLOWED: u8 = 0;
const INHERIT_ONLY: u8 = 0x08;
const GENERIC_ALL: u32 = 0x1000_0000;
/// `FILE_READ_DATA` and `GENERIC_READ`.
const READ: u32 = 0x0000_0001 | 0x8000_0000 | GENERIC_ALL;
/// `FILE_WRITE_DATA`, `FILE_APPEND_DATA`, `DELETE` and `GENERIC_WRITE`.
const WRITE: u32 = 0x0000_0002 | 0x0000_0004 | 0x0001_0000 | 0x4000_0000 | GENERIC_ALL;

/// What one group of ordinary people may do.
pub(super) struct Grant {
    pub(super) who: &'static str,
    pub(super) read: bool,
    pub(super) write: bool,
}

/// `None` if the access list could not be read.
pub(super) fn readable_by_others(path: &Path) -> Option<bool> {
    file_grants(path).map(|grants| grants.iter().any(|grant| grant.read))
}

/// What a file's or folder's own access list gives to ordinary people.
pub(super) fn file_grants(path: &Path) -> Option<Vec<Grant>> {
    let name: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    let mut dacl: *mut ACL = std::ptr::null_mut();
    let mut descriptor: PSECURITY_DESCRIPTOR = std::ptr::null_mut();
    // SAFETY: `name` is zero-terminated; the out-pointers are valid; the parts that are not asked for may be null.
    let code = unsafe {
        GetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            &raw mut dacl,
            std::ptr::null_mut(),
            &raw mut descriptor,
        )
    };
    let _owned = Local(descriptor);
    // SAFETY: on success `dacl` is null or points into `descriptor`, which `_owned` keeps alive.
    (code == 0).then(|| unsafe { grants(dacl) })
}

/// What a security descriptor gives to ordinary people; `None` if it says nothing about access.
///
/// # Safety
/// `descriptor` is null or points to a valid security descriptor that lives through the call.
pub(super) unsafe fn descriptor_grants(descriptor: PSECURITY_DESCRIPTOR) -> Option<Vec<Grant>> {
    let (mut present, mut defaulted) = (0, 0);
    let mut dacl: *mut ACL = std::ptr::null_mut();
    if descriptor.is_null() {
        return None;
    }
    // SAFETY: the descriptor is valid by contract, the out-pointers are.
    let read =
        unsafe { GetSecurityDescriptorDacl(descriptor, &raw mut present, &raw mut dacl, &raw mut defaulted) };
    // SAFETY: `dacl` is null or points into `descriptor`.
    (read != 0 && present != 0).then(|| unsafe { grants(dacl) })
}

/// No list at all means that everybody may do everything; an empty list, nobody anything.
///
/// # Safety
/// `dacl` is null or points to a valid access list that lives through the call.
unsafe fn grants(dacl: *const ACL) -> Vec<Grant> {
    if dacl.is_null() {
        return vec![Grant { who: "Everyone", read: true, write: true }];
    }
    // SAFETY: a non-null `dacl` is a valid list.
    let count = u32::from(unsafe { (*dacl).AceCount });
    let mut found: Vec<Grant> = Vec::new();
    for index in 0..count {
        let mut entry: *mut c_void = std::ptr::null_mut();
        // SAFETY: the list is valid and `index` below its count.
        if unsafe { GetAce(dacl, index, &raw mut entry) } == 0 || entry.is_null() {
            continue;
        }
        // SAFETY: every entry begins with this header.
        let header = unsafe { *entry.cast::<ACE_HEADER>() };
        if header.AceType != ACCESS_ALLOWED || header.AceFlags & INHERIT_ONLY != 0 {
            continue;
        }
        // SAFETY: the type says that this is an ACCESS_ALLOWED_ACE; its security id begins at `SidStart`.
        let (mask, sid) = unsafe {
            let allowed = entry.cast::<ACCESS_ALLOWED_ACE>();
            ((*allowed).Mask, sid_text((&raw mut (*allowed).SidStart).cast()))
        };
        if let Some((_, who)) = EVERYBODY.iter().find(|(known, _)| *known == sid) {
            found.push(Grant { who, read: mask & READ != 0, write: mask & WRITE != 0 });
        }
    }
    found
}
