(* proved-checker QUESTION EVIDENCE [--print | --pieces] *)

open Checker

type answer = Pieces of piece list list | Hulls of parts list

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

let claim_of_parts answers =
  if List.for_all (fun a -> a.tiles = [] && a.faces = []) answers then "holds: no point of the domain maps into a target"
  else
    let said i a = Printf.sprintf "target %d: %d tiles, %d further sets" i (List.length a.tiles) (List.length a.faces) in
    "preimage: " ^ String.concat "; " (List.mapi said answers)

let proved_by_vertices q lines =
  let hash, certificates = Reader.vertices q lines in
  let found =
    match (q.targets, certificates) with
    | [], [ cert ] ->
        let say hulls = ([ { tiles = hulls; faces = [] } ], Printf.sprintf "regions: %d" (List.length hulls)) in
        Option.map say (regions_of_vertices q cert)
    | _ -> Option.map (fun answers -> (answers, claim_of_parts answers)) (preimage_of_vertices q certificates)
  in
  match found with
  | Some (answers, claim) -> (hash, Hulls answers, claim)
  | None -> Reader.refuse "what was claimed is not proved"

let proved_by_trees q lines =
  let hash, trees = Reader.certificate q lines in
  match (q.targets, trees) with
  | [], [ tree ] -> (
      match regions q tree with
      | Some ps -> (hash, Pieces [ ps ], Printf.sprintf "regions: %d" (List.length ps))
      | None -> Reader.refuse "what was claimed is not proved")
  | _ -> (
      match preimage q trees with
      | Some answers -> (hash, Pieces answers, claim answers)
      | None -> Reader.refuse "what was claimed is not proved")

let point q hash words =
  let x = List.map Reader.ratio words in
  let d = Reader.common x in
  if violates q (List.map (Reader.times d) x) d then (hash, Pieces [], "violated: the point maps into a target")
  else Reader.refuse "the point is not in the domain, or maps into no target"

let check question evidence =
  let text = Reader.contents question in
  let q = Reader.question text in
  let lines = Reader.lines (Reader.contents evidence) in
  let hash, answers, claim =
    match List.map Reader.words (List.filteri (fun i _ -> i < 3) lines) with
    | [ [ "polyrelu-point"; "1"; hash ]; "x" :: words ] -> point q hash words
    | ("polyrelu-cells" :: _) :: _ -> proved_by_vertices q lines
    | _ -> proved_by_trees q lines
  in
  Reader.need (hash = Sha256.hex text) "this is for another statement";
  (q, answers, claim)

let pieces answers =
  let each show i own = out (Printf.sprintf "target %d" i :: show own) in
  match answers with
  | Pieces answers -> List.iteri (each (List.concat_map Printer.piece)) answers
  | Hulls answers -> List.iteri (each Printer.hulls) answers

let () =
  match Array.to_list Sys.argv with
  | _ :: question :: evidence :: options -> (
      match check question evidence with
      | q, answers, claim ->
          if List.mem "--print" options then out (Printer.question q);
          if List.mem "--pieces" options then pieces answers;
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
