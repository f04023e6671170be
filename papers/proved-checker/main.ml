(* proved-checker QUESTION EVIDENCE [--print | --pieces] *)

open Checker

let out lines = List.iter print_endline lines
let is_tile p = p.point_inside <> None

let claim answers =
  if List.for_all (( = ) []) answers then "holds: no point of the domain maps into a target"
  else
    let said i ps =
      let tiles = List.length (List.filter is_tile ps) in
      Printf.sprintf "target %d: %d tiles, %d further sets" i tiles (List.length ps - tiles)
    in
    "preimage: " ^ String.concat "; " (List.mapi said answers)

let proved q lines =
  let hash, trees = Reader.certificate q lines in
  match (q.targets, trees) with
  | [], [ tree ] -> (
      match regions q tree with
      | Some ps -> (hash, [ ps ], Printf.sprintf "regions: %d" (List.length ps))
      | None -> Reader.refuse "what was claimed is not proved")
  | _ -> (
      match preimage q trees with
      | Some answers -> (hash, answers, claim answers)
      | None -> Reader.refuse "what was claimed is not proved")

let point q hash words =
  let x = List.map Reader.ratio words in
  let d = Reader.common x in
  if violates q (List.map (Reader.times d) x) d then (hash, [], "violated: the point maps into a target")
  else Reader.refuse "the point is not in the domain, or maps into no target"

let check question evidence =
  let text = Reader.contents question in
  let q = Reader.question text in
  let lines = Reader.lines (Reader.contents evidence) in
  let hash, answers, claim =
    match List.map Reader.words lines with
    | [ [ "polyrelu-point"; "1"; hash ]; "x" :: words ] -> point q hash words
    | _ -> proved q lines
  in
  Reader.need (hash = Sha256.hex text) "this is for another statement";
  (q, answers, claim)

let () =
  match Array.to_list Sys.argv with
  | _ :: question :: evidence :: options -> (
      match check question evidence with
      | q, answers, claim ->
          if List.mem "--print" options then out (Printer.question q);
          if List.mem "--pieces" options then
            List.iteri (fun i ps -> out (Printf.sprintf "target %d" i :: List.concat_map Printer.piece ps)) answers;
          print_endline ("VERIFIED " ^ claim)
      | exception (Reader.Unreadable reason | Failure reason | Invalid_argument reason | Sys_error reason) ->
          prerr_endline ("REJECTED " ^ reason);
          exit 1
      | exception (Stack_overflow | Out_of_memory) ->
          prerr_endline "REJECTED more than there is memory for";
          exit 1)
  | _ ->
      prerr_endline "proved-checker QUESTION EVIDENCE [--print] [--pieces]";
      exit 2
