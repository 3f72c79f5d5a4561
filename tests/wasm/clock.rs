//! The policy under a clock that a test sets: a waPC host of its own, since the usual one has the machine's clock.

use std::sync::{Arc, OnceLock};

use expect_test::Expect;
use wasmtime::{Caller, Engine, Extern, Linker, Memory, Module, Store};
use xtask::host::HostCalls;

use crate::call::{Answer, payload, wasm, with_calls};
use crate::host::Host;

/// 2026-09-18 12:00:00 UTC
pub const NOW: u64 = 1_789_732_800;
pub const DAY: u64 = 86_400;

/// One call of the guest.
struct Call {
    payload: Vec<u8>,
    host: Arc<dyn HostCalls>,
    /// What the host said to the guest's last question.
    said: Result<Vec<u8>, String>,
    answer: Vec<u8>,
    seconds: u64,
    clock_reads: usize,
}

const FUNCTION: &[u8] = b"validate";

fn linker() -> &'static (Linker<Call>, Module) {
    static LINKER: OnceLock<(Linker<Call>, Module)> = OnceLock::new();
    LINKER.get_or_init(|| {
        let engine = Engine::default();
        let module = Module::new(&engine, wasm()).unwrap();
        (wapc_host(&engine, &module).unwrap(), module)
    })
}

/// The functions of the waPC protocol, and of WASI the clock; whatever else the guest calls is a trap.
fn wapc_host(engine: &Engine, module: &Module) -> wasmtime::Result<Linker<Call>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("wapc", "__guest_request", |mut caller: Caller<'_, Call>, function: u32, payload: u32| {
        let bytes = caller.data().payload.clone();
        write(&mut caller, function, FUNCTION)?;
        write(&mut caller, payload, &bytes)
    })?;
    linker.func_wrap("wapc", "__guest_response", |mut caller: Caller<'_, Call>, start: u32, length: u32| {
        caller.data_mut().answer = read(&mut caller, start, length)?;
        Ok(())
    })?;
    linker.func_wrap("wapc", "__host_call", host_call)?;
    linker.func_wrap("wapc", "__host_response_len", |caller: Caller<'_, Call>| said(&caller).len() as u32)?;
    linker.func_wrap("wapc", "__host_response", |mut caller: Caller<'_, Call>, start: u32| {
        let bytes = said(&caller);
        write(&mut caller, start, &bytes)
    })?;
    linker.func_wrap("wapc", "__host_error_len", |caller: Caller<'_, Call>| said(&caller).len() as u32)?;
    linker.func_wrap("wapc", "__host_error", |mut caller: Caller<'_, Call>, start: u32| {
        let bytes = said(&caller);
        write(&mut caller, start, &bytes)
    })?;
    let clock = |mut caller: Caller<'_, Call>, _id: u32, _precision: u64, start: u32| {
        caller.data_mut().clock_reads += 1;
        let nanoseconds = caller.data().seconds * 1_000_000_000;
        write(&mut caller, start, &nanoseconds.to_le_bytes())?;
        Ok(0_u32)
    };
    linker.func_wrap("wasi_snapshot_preview1", "clock_time_get", clock)?;
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "random_get",
        |mut caller: Caller<'_, Call>, start: u32, length: u32| {
            write(&mut caller, start, &vec![7; length as usize])?;
            Ok(0_u32)
        },
    )?;
    linker.define_unknown_imports_as_traps(module)?;
    Ok(linker)
}

#[expect(clippy::too_many_arguments, reason = "the waPC protocol has them")]
fn host_call(
    mut caller: Caller<'_, Call>,
    binding: u32,
    binding_length: u32,
    namespace: u32,
    namespace_length: u32,
    operation: u32,
    operation_length: u32,
    payload: u32,
    payload_length: u32,
) -> wasmtime::Result<u32> {
    let mut text = |start, length| read(&mut caller, start, length).map(|bytes| String::from_utf8(bytes).unwrap());
    let binding = text(binding, binding_length)?;
    let namespace = text(namespace, namespace_length)?;
    let operation = text(operation, operation_length)?;
    let payload = read(&mut caller, payload, payload_length)?;
    let said = caller.data().host.call(&binding, &namespace, &operation, &payload);
    let is_ok = said.is_ok();
    caller.data_mut().said = said;
    Ok(u32::from(is_ok))
}

fn said(caller: &Caller<'_, Call>) -> Vec<u8> {
    caller.data().said.clone().unwrap_or_else(String::into_bytes)
}

fn memory(caller: &mut Caller<'_, Call>) -> Memory {
    caller.get_export("memory").and_then(Extern::into_memory).expect("a guest exports its memory")
}

fn read(caller: &mut Caller<'_, Call>, start: u32, length: u32) -> wasmtime::Result<Vec<u8>> {
    let mut bytes = vec![0; length as usize];
    memory(caller).read(caller, start as usize, &mut bytes)?;
    Ok(bytes)
}

fn write(caller: &mut Caller<'_, Call>, start: u32, bytes: &[u8]) -> wasmtime::Result<()> {
    memory(caller).write(caller, start as usize, bytes).map_err(wasmtime::Error::from)
}

/// The answer at a time (seconds since 1970-01-01 00:00:00 UTC), and how often the guest read the clock.
#[track_caller]
pub fn validate_at(seconds: u64, payload: &str, host: Arc<dyn HostCalls>) -> (Answer, usize) {
    let (linker, module) = linker();
    let payload = payload.as_bytes().to_vec();
    let length = payload.len() as u32;
    let call = Call { payload, host, said: Ok(Vec::new()), answer: Vec::new(), seconds, clock_reads: 0 };
    let mut store = Store::new(linker.engine(), call);
    let guest = linker.instantiate(&mut store, module).unwrap();
    for start in ["_initialize", "_start", "wapc_init"] {
        if let Ok(function) = guest.get_typed_func::<(), ()>(&mut store, start) {
            function.call(&mut store, ()).unwrap();
        }
    }
    let function = guest.get_typed_func::<(u32, u32), u32>(&mut store, "__guest_call").unwrap();
    let succeeded = function.call(&mut store, (FUNCTION.len() as u32, length)).expect("the guest does not trap");
    assert_eq!(succeeded, 1, "the guest does not fail");
    (Answer::read(&store.data().answer), store.data().clock_reads)
}

/// Compares the answer at a time, with the host calls it took, to what is expected.
#[track_caller]
pub fn check_at(
    seconds: u64,
    request: &serde_json::Value,
    settings: &serde_json::Value,
    host: Arc<Host>,
    expected: Expect,
) {
    let (answer, _) = validate_at(seconds, &payload(request, settings), host.clone());
    expected.assert_eq(&with_calls(&answer, &host));
}
