//! What every call into Windows needs: text in its form, buffers that free themselves, security ids as text.
#![allow(unsafe_code, reason = "pointers that Windows returns are read and freed here, and nowhere else")]

use std::ffi::c_void;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::NetworkManagement::NetManagement::NetApiBufferFree;
use windows_sys::Win32::Security::Authorization::{ConvertSidToStringSidW, ConvertStringSidToSidW};
use windows_sys::Win32::Security::PSID;

/// No name that is read here is longer; a text without an end is cut there.
const MAX_TEXT: usize = 32 * 1024;

/// UTF-16 with a zero at the end.
pub(super) fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// The text before the first zero.
pub(super) fn narrow(wide: &[u16]) -> String {
    let end = wide.iter().position(|unit| *unit == 0).unwrap_or(wide.len());
    String::from_utf16_lossy(&wide[..end])
}

/// # Safety
/// `text` is null or points to zero-terminated UTF-16 that lives through the call.
pub(super) unsafe fn text_at(text: *const u16) -> String {
    if text.is_null() {
        return String::new();
    }
    let mut length = 0;
    // SAFETY: every unit up to and with the terminating zero may be read; the loop ends there at the latest.
    while length < MAX_TEXT && unsafe { *text.add(length) } != 0 {
        length += 1;
    }
    // SAFETY: `length` units from `text` were read just now.
    String::from_utf16_lossy(unsafe { std::slice::from_raw_parts(text, length) })
}

/// Memory that a `Net…` function allocated: `count` entries of `T`.
pub(super) struct NetList<T> {
    pub(super) start: *mut u8,
    pub(super) count: u32,
    entry: std::marker::PhantomData<T>,
}

impl<T> NetList<T> {
    pub(super) const fn empty() -> Self {
        Self { start: std::ptr::null_mut(), count: 0, entry: std::marker::PhantomData }
    }

    /// # Safety
    /// `start` is null, or a `Net…` function has written `count` entries of type `T` there.
    pub(super) unsafe fn entries(&self) -> &[T] {
        if self.start.is_null() || self.count == 0 {
            return &[];
        }
        // SAFETY: the caller vouches for type and count; NetApiBufferAllocate aligns for any type, and the memory lives
        // until `self` is dropped.
        unsafe { std::slice::from_raw_parts(self.start.cast::<T>(), self.count as usize) }
    }
}

impl<T> Drop for NetList<T> {
    fn drop(&mut self) {
        if !self.start.is_null() {
            // SAFETY: the buffer came from a Net function, and nothing refers to it after this.
            unsafe { NetApiBufferFree(self.start.cast()) };
        }
    }
}

/// Memory that has to go back through `LocalFree`.
pub(super) struct Local(pub(super) *mut c_void);

impl Drop for Local {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the pointer came from a function that documents LocalFree, and nothing refers to it after this.
            unsafe { LocalFree(self.0) };
        }
    }
}

/// `S-1-5-32-544`; empty for what is no security id.
///
/// # Safety
/// `sid` is null or points to a security id that lives through the call.
pub(super) unsafe fn sid_text(sid: PSID) -> String {
    let mut text = std::ptr::null_mut();
    // SAFETY: `sid` is valid by this function's own contract; `text` receives a LocalAlloc'd string.
    if sid.is_null() || unsafe { ConvertSidToStringSidW(sid, &raw mut text) } == 0 {
        return String::new();
    }
    let owned = Local(text.cast());
    // SAFETY: the call succeeded, so `text` is a zero-terminated string that `owned` keeps alive.
    unsafe { text_at(owned.0.cast()) }
}

/// A security id from its text; `None` if the text is none.
pub(super) fn sid_from(text: &str) -> Option<Local> {
    let text = wide(text);
    let mut sid: PSID = std::ptr::null_mut();
    // SAFETY: `text` is zero-terminated and outlives the call; `sid` receives LocalAlloc'd memory.
    let made = unsafe { ConvertStringSidToSidW(text.as_ptr(), &raw mut sid) };
    (made != 0).then(|| Local(sid))
}

/// Windows' own words for an error number, with what would help where that is known.
pub(super) fn reason(code: u32) -> String {
    const ACCESS_DENIED: u32 = 5;
    if code == ACCESS_DENIED {
        return "access denied; run as administrator".to_owned();
    }
    std::io::Error::from_raw_os_error(code.cast_signed()).to_string()
}

/// Why the last call of this thread failed.
pub(super) fn last_reason() -> String {
    let error = std::io::Error::last_os_error();
    error.raw_os_error().map_or_else(|| error.to_string(), |code| reason(code.cast_unsigned()))
}
