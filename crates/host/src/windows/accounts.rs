//! Local accounts, groups and the password policy.
#![allow(unsafe_code, reason = "netapi32 is called, and what it allocates is read")]

use enamel_types::config_state::Value;
use enamel_types::device::User;
use windows_sys::Win32::NetworkManagement::NetManagement::{
    FILTER_NORMAL_ACCOUNT, LOCALGROUP_MEMBERS_INFO_2, MAX_PREFERRED_LENGTH, NetLocalGroupGetMembers,
    NetUserEnum, NetUserGetInfo, NetUserModalsGet, UF_ACCOUNTDISABLE, USER_INFO_20, USER_INFO_23,
    USER_MODALS_INFO_0, USER_MODALS_INFO_3,
};
use windows_sys::Win32::Security::LookupAccountSidW;

use super::memory::{NetList, last_reason, narrow, reason, sid_from, sid_text, text_at, wide};
use crate::{Answer, HostError};

const ADMINISTRATORS: &str = "S-1-5-32-544";
/// `ERROR_MORE_DATA`: the answer came in parts. `MAX_PREFERRED_LENGTH` asks for one; a second part is refused.
const MORE_DATA: u32 = 234;
/// `NERR_GroupNotFound` and `ERROR_NO_SUCH_ALIAS`.
const NO_SUCH_GROUP: [u32; 2] = [2220, 1376];

struct Account {
    name: String,
    rid: u32,
    disabled: bool,
}

pub(super) fn users(gaps: &mut Vec<HostError>) -> Vec<User> {
    let accounts = match accounts() {
        Ok(accounts) => accounts,
        Err(error) => {
            gaps.push(error);
            return Vec::new();
        }
    };
    let admins = match members(ADMINISTRATORS) {
        Ok(members) => members.unwrap_or_default(),
        Err(error) => {
            gaps.push(error);
            Vec::new()
        }
    };
    let users = accounts.into_iter().map(|account| {
        let sid = sid_of(&account.name).unwrap_or_else(|| account.rid.to_string());
        let admin = admins.iter().any(|(_, member)| *member == Value::Text(sid.clone()));
        User { name: account.name, admin, enabled: !account.disabled, uid: sid }
    });
    users.collect()
}

pub(super) fn is_disabled(rid: u32) -> Result<Option<Answer>, HostError> {
    let account = accounts()?.into_iter().find(|account| account.rid == rid);
    Ok(account.map(|account| vec![(account.name, Value::Bool(account.disabled))]))
}

fn accounts() -> Result<Vec<Account>, HostError> {
    let mut list = NetList::<USER_INFO_20>::empty();
    let mut total = 0;
    // SAFETY: all out-pointers are valid; no server name means this computer; no resume handle is kept.
    let code = unsafe {
        NetUserEnum(
            std::ptr::null(),
            20,
            FILTER_NORMAL_ACCOUNT,
            &raw mut list.start,
            MAX_PREFERRED_LENGTH,
            &raw mut list.count,
            &raw mut total,
            std::ptr::null_mut(),
        )
    };
    check("local accounts", code)?;
    // SAFETY: the call filled the list with level-20 entries.
    let entries = unsafe { list.entries() };
    let accounts = entries.iter().map(|entry| Account {
        // SAFETY: the name is a zero-terminated string inside the buffer that `list` owns.
        name: unsafe { text_at(entry.usri20_name) },
        rid: entry.usri20_user_id,
        disabled: entry.usri20_flags & UF_ACCOUNTDISABLE != 0,
    });
    Ok(accounts.collect())
}

fn sid_of(account: &str) -> Option<String> {
    let name = wide(account);
    let mut list = NetList::<USER_INFO_23>::empty();
    // SAFETY: `name` is zero-terminated; `list.start` receives one level-23 entry.
    let code = unsafe { NetUserGetInfo(std::ptr::null(), name.as_ptr(), 23, &raw mut list.start) };
    list.count = u32::from(code == 0);
    // SAFETY: the call filled in one entry, or `count` is 0.
    let entry = unsafe { list.entries() }.first()?;
    // SAFETY: the security id lies in the buffer that `list` owns.
    Some(unsafe { sid_text(entry.usri23_user_sid) }).filter(|sid| !sid.is_empty())
}

/// Members of a local group: `(DOMAIN\name, SID)`. A group is asked for by its name, which depends on the language.
pub(super) fn members(sid: &str) -> Result<Option<Answer>, HostError> {
    let what = || format!("members of the local group {sid}");
    let Some(group) = group_name(sid).map_err(|why| HostError::new(what(), why))? else { return Ok(None) };
    let group = wide(&group);
    let mut list = NetList::<LOCALGROUP_MEMBERS_INFO_2>::empty();
    let mut total = 0;
    // SAFETY: `group` is zero-terminated, all out-pointers are valid, no resume handle is kept.
    let code = unsafe {
        NetLocalGroupGetMembers(
            std::ptr::null(),
            group.as_ptr(),
            2,
            &raw mut list.start,
            MAX_PREFERRED_LENGTH,
            &raw mut list.count,
            &raw mut total,
            std::ptr::null_mut(),
        )
    };
    if NO_SUCH_GROUP.contains(&code) {
        return Ok(None);
    }
    check(&what(), code)?;
    // SAFETY: the call filled the list with level-2 entries.
    let entries = unsafe { list.entries() };
    let members = entries.iter().map(|entry| {
        // SAFETY: name and security id lie in the buffer that `list` owns.
        unsafe { (text_at(entry.lgrmi2_domainandname), Value::Text(sid_text(entry.lgrmi2_sid))) }
    });
    Ok(Some(members.collect()))
}

/// The name of a group on this computer; `None` if the id names nothing.
fn group_name(sid: &str) -> Result<Option<String>, String> {
    const NONE_MAPPED: u32 = 1332;
    let Some(owned) = sid_from(sid) else { return Err("it is not a security id".to_owned()) };
    let (mut name, mut domain) = ([0u16; 257], [0u16; 257]);
    let (mut name_size, mut domain_size) = (257, 257);
    let mut kind = 0;
    // SAFETY: the security id is valid and kept by `owned`; both buffers have the sizes that are passed.
    let found = unsafe {
        LookupAccountSidW(
            std::ptr::null(),
            owned.0,
            name.as_mut_ptr(),
            &raw mut name_size,
            domain.as_mut_ptr(),
            &raw mut domain_size,
            &raw mut kind,
        )
    };
    if found != 0 {
        return Ok(Some(narrow(&name)));
    }
    match std::io::Error::last_os_error().raw_os_error() {
        Some(code) if code.cast_unsigned() == NONE_MAPPED => Ok(None),
        _ => Err(last_reason()),
    }
}

pub(super) fn password_policy() -> Result<Answer, HostError> {
    let what = "the local password policy";
    let mut lengths = NetList::<USER_MODALS_INFO_0>::empty();
    // SAFETY: `lengths.start` receives one level-0 entry.
    check(what, unsafe { NetUserModalsGet(std::ptr::null(), 0, &raw mut lengths.start) })?;
    lengths.count = u32::from(!lengths.start.is_null());
    let mut lockout = NetList::<USER_MODALS_INFO_3>::empty();
    // SAFETY: `lockout.start` receives one level-3 entry.
    check(what, unsafe { NetUserModalsGet(std::ptr::null(), 3, &raw mut lockout.start) })?;
    lockout.count = u32::from(!lockout.start.is_null());
    // SAFETY: each call succeeded and filled in one entry of its level.
    let (lengths, lockout) =
        unsafe { (lengths.entries().first().copied(), lockout.entries().first().copied()) };
    match (lengths, lockout) {
        (Some(lengths), Some(lockout)) => Ok(vec![
            ("min_len".to_owned(), Value::Int(i64::from(lengths.usrmod0_min_passwd_len))),
            ("lockout".to_owned(), Value::Int(i64::from(lockout.usrmod3_lockout_threshold))),
        ]),
        _ => Err(HostError::new(what, "Windows gave an empty answer")),
    }
}

fn check(what: &str, code: u32) -> Result<(), HostError> {
    match code {
        0 => Ok(()),
        MORE_DATA => Err(HostError::new(what, "there are more than Windows gives in one answer")),
        _ => Err(HostError::new(what, reason(code))),
    }
}
