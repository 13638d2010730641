//! [`answer`](crate::answer) for a host of WebAssembly: three exports and no import.
//!
//! The host asks for [`room`], writes a call there, says [`call`], and reads so many bytes at [`answer_at`].
//!
//! This is the one file of the project with an `unsafe` attribute: Rust asks for it where a symbol is exported by its name,
//! since two of one name would be mixed up by the linker. These are the only three of this module, and nothing here is an
//! `unsafe` block: the host is given places in memory that live until the next call, and only it follows them.
//! A generator of bindings would do the same with more code, and a tool to install.
#![expect(unsafe_code, reason = "exports have names; see above")]

use std::cell::RefCell;

thread_local! {
    /// What was said last; and then what was answered to it. There is one thread.
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Room for a call of `bytes`, all of which have to be written. Null where it would be longer than what is looked at.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn room(bytes: usize) -> *mut u8 {
    if bytes > crate::CALL_BYTES {
        return std::ptr::null_mut();
    }
    TEXT.with_borrow_mut(|text| {
        *text = vec![0; bytes];
        text.as_mut_ptr()
    })
}

/// Answers the call that stands in the room. Gives the length of the answer in bytes of UTF-8.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn call() -> usize {
    TEXT.with_borrow_mut(|text| {
        let said = std::mem::take(text);
        *text = match String::from_utf8(said) {
            Ok(said) => crate::answer(&said),
            Err(_) => r#"{"failed":{"message":"the call is not UTF-8","faults":[]}}"#.to_owned(),
        }
        .into_bytes();
        text.len()
    })
}

/// Where the answer stands, until the next call.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn answer_at() -> *const u8 {
    TEXT.with_borrow(Vec::as_ptr)
}
