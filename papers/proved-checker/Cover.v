(** * Cells that lie across all facets of each other cover the domain

    A system of rows: the rows of the domain, and for each pattern q of signs a linear function [form q], the row that follows
    if the rows before have the signs q. Where they have, it is the value of a function [value (length q)] that does not
    depend on q. (Patterns are lists of signs, the latest first; so q begins p if p = e ++ q.) A cell is a pattern with vertices;
    its rows are [rows_of] the pattern.

    If no pattern begins another one, and the pattern behind each facet of a cell begins one of the list, or one of the list
    begins it, then each point of the domain is in a cell ([covered]).

    The proof goes along a segment, from inside of a cell to a point that is said to be in none, between points chosen such
    that no two rows of a cell are 0 at once. At the last point of a cell it meets a facet, and behind it there is a cell. *)

From Coq Require Import Ring.
From Proved Require Import Numbers Fields Polytopes Segments.

Section Cover.
Context {F : field}.
Add Ring ring_of_numbers : (is_ring F).

Declare Scope K_scope.
Delimit Scope K_scope with K.
Notation "a + b" := (add F a b) : K_scope.
Notation "a * b" := (mul F a b) : K_scope.
Notation "a - b" := (sub F a b) : K_scope.
Notation "- a" := (opp F a) : K_scope.
Notation "0" := (zero F) : K_scope.
Notation "1" := (one F) : K_scope.
Open Scope K_scope.
Notation vector := (list (K F)).
Notation row := (vector -> K F).
Notation pattern := (list bool).
Notation cell := (pattern * list vector)%type.

Variables (n : nat) (domain_rows : list row) (form : pattern -> row) (value : nat -> row).

(** ** Patterns and their rows *)

(** [true] says that a value is not negative, [false] that it is not positive. *)
Definition side (b : bool) (a : K F) : K F := if b then a else - a.

Fixpoint agrees (q : pattern) (y : vector) : Prop :=
  match q with [] => True | b :: q' => agrees q' y /\ nonneg (side b (value (length q') y)) end.

Fixpoint signed_on (r q : pattern) : list row :=
  match r with [] => [] | b :: r' => (fun y => side b (form (r' ++ q) y)) :: signed_on r' q end.
Definition signed (q : pattern) : list row := signed_on q [].
Definition rows_of (p : pattern) : list row := signed p ++ domain_rows.

Hypothesis domain_linear : Forall (linear_on n) domain_rows.
Hypothesis some_domain_row : domain_rows <> [].
Hypothesis form_linear : forall q, linear_on n (form q).
Hypothesis form_value : forall q y, length y = n -> agrees q y -> form q y = value (length q) y.

Lemma signed_app r q : signed (r ++ q) = signed_on r q ++ signed q.
Proof. unfold signed. induction r as [|b r IH]; [reflexivity|]. simpl. now rewrite IH, app_nil_r. Qed.
Lemma length_signed_on r q : length (signed_on r q) = length r.
Proof. induction r; simpl; congruence. Qed.
Lemma rows_at r b q : rows_of (r ++ b :: q) = signed_on r (b :: q) ++ (fun y => side b (form q y)) :: rows_of q.
Proof. unfold rows_of. rewrite signed_app, <- app_assoc. unfold signed at 1. simpl. now rewrite app_nil_r. Qed.
Lemma rows_begun e q g : In g (rows_of q) -> In g (rows_of (e ++ q)).
Proof. unfold rows_of. rewrite signed_app, !in_app_iff. tauto. Qed.

Lemma side_zero b : side b 0 = 0.
Proof. destruct b; simpl; ring. Qed.
Lemma side_negb b a : side (negb b) a = - side b a.
Proof. destruct b; simpl; ring. Qed.

Lemma signed_linear r q : Forall (linear_on n) (signed_on r q).
Proof.
  induction r as [|b r IH]; simpl; constructor; [|exact IH]. destruct b; simpl; [apply form_linear | apply linear_neg, form_linear].
Qed.
Lemma rows_linear p : Forall (linear_on n) (rows_of p).
Proof. apply Forall_app. split; [apply signed_linear | apply domain_linear]. Qed.

Lemma agrees_signed q y : length y = n -> in_cone (signed q) y -> agrees q y.
Proof.
  intros hy. induction q as [|b q IH]; intros h; [exact I|]. unfold signed in *. simpl in h. rewrite app_nil_r in h. inversion_clear h as [|? ? h1 h2].
  specialize (IH h2). split; [exact IH|]. now rewrite <- (form_value q y hy IH).
Qed.

(** Where the row q is 0, both signs are right, and rows that follow with both of them are the same. *)
Lemma both_sides r b q y : length y = n -> agrees (r ++ b :: q) y -> form q y = 0 ->
  agrees (r ++ negb b :: q) y /\ (strictly (signed_on r (b :: q)) y -> strictly (signed_on r (negb b :: q)) y).
Proof.
  intros hy. induction r as [|c r IH]; intros ha hz.
  - simpl in *. destruct ha as [ha _]. split; [|easy]. split; [exact ha|]. rewrite <- (form_value q y hy ha), hz, side_zero. apply nonneg_0.
  - simpl in ha. destruct ha as [ha hc]. destruct (IH ha hz) as [ha' hs]. simpl.
    assert (el : length (r ++ negb b :: q) = length (r ++ b :: q)) by now rewrite !app_length.
    split; [split; [exact ha' | now rewrite el]|]. intros h. inversion_clear h as [|? ? h1 h2]. constructor; [|now apply hs].
    now rewrite (form_value _ y hy ha'), el, <- (form_value _ y hy ha).
Qed.

(** ** What is checked of cells *)

Variable cells : list cell.
Notation listed p := (exists V, In (p, V) cells).

Hypothesis cells_complete : forall p V, In (p, V) cells -> polytope n (rows_of p) V.
Hypothesis none_begins : forall p e, listed p -> listed (e ++ p) -> e = [].

(** The pattern behind row q of a cell, where a vertex is on that row. *)
Hypothesis crossing : forall r b q V, In (r ++ b :: q, V) cells -> Exists (fun v => form q v = 0) V ->
  exists p', listed p' /\ ((exists e, r ++ negb b :: q = e ++ p') \/ (exists e, p' = e ++ r ++ negb b :: q)).

(** ** Nothing is missing *)

Definition within (q : pattern) (y : vector) : Prop := exists e, listed (e ++ q) /\ in_cone (rows_of (e ++ q)) y.

(** The cells whose patterns begin with q. *)
Lemma cells_under q : exists under : list pattern, forall p, In p under <-> listed p /\ exists e, p = e ++ q.
Proof.
  assert (dec : forall p : pattern, (exists e, p = e ++ q) \/ ~ exists e, p = e ++ q).
  { intros p. destruct (list_eq_dec Bool.bool_dec p (firstn (length p - length q) p ++ q)) as [e|e]; [left; eauto | right].
    intros [r ->]. apply e. rewrite app_length. replace (length r + length q - length q)%nat with (length r) by lia.
    now rewrite firstn_app, firstn_all, Nat.sub_diag, app_nil_r. }
  clear cells_complete none_begins crossing. induction cells as [|[p0 V0] l [under h]].
  { exists []. intros p. simpl. split; [tauto | now intros [[V []] _]]. }
  destruct (dec p0) as [d|d]; [exists (p0 :: under) | exists under]; intros p; simpl; split.
  - intros [<-|hp]; [split; [exists V0; now left | exact d]|]. apply h in hp. destruct hp as [[V hV] he]. split; [exists V; now right | exact he].
  - intros [[V [e|hV]] he]; [injection e as <- <-; now left|]. right. apply h. split; [now exists V | exact he].
  - intros hp. apply h in hp. destruct hp as [[V hV] he]. split; [exists V; now right | exact he].
  - intros [[V [e|hV]] he]; [injection e as <- <-; now elim d|]. apply h. split; [now exists V | exact he].
Qed.

(** A point is in some cone, or there are rows of which each cone has one that is negative there. *)
Lemma in_some_or (ps : list pattern) y :
  Exists (fun p => in_cone (rows_of p) y) ps
  \/ exists walls : list row, Forall (linear_on n) walls /\ strictly walls y
     /\ forall y', strictly walls y' -> Forall (fun p => ~ in_cone (rows_of p) y') ps.
Proof.
  induction ps as [|p ps IH]; [right; exists []; repeat constructor|].
  destruct (exists_or_all (fun g : row => pos (- g y)) (fun g => nonneg (g y)) (rows_of p)) as [h|h].
  { intros g. destruct (negative_or (g y)); tauto. }
  - destruct IH as [IH|[walls [h1 [h2 h3]]]]; [left; now right|]. right. apply Exists_exists in h. destruct h as [g [hg hn]].
    exists ((fun x => - g x) :: walls). assert (hl := rows_linear p). rewrite Forall_forall in hl. split; [|split].
    + constructor; [now apply linear_neg, hl | exact h1].
    + now constructor.
    + intros y' hs. inversion_clear hs as [|? ? hs1 hs2]. constructor; [|now apply h3]. intros hc. unfold in_cone in hc.
      rewrite Forall_forall in hc. exact (not_negative _ (hc g hg) hs1).
  - left. now left.
Qed.

Definition all_rows : list row := flat_map (fun c => rows_of (fst c)) cells.
Definition all_vertices : list vector := flat_map snd cells.
Definition pairs_of (x : vector) : list row :=
  map (fun gg => (fun y => fst gg x * snd gg y + - snd gg x * fst gg y)) (list_prod all_rows all_rows).

Lemma in_all_rows p V g : In (p, V) cells -> In g (rows_of p) -> In g all_rows.
Proof. intros hp hg. apply in_flat_map. now exists (p, V). Qed.
Lemma in_all_vertices p V v : In (p, V) cells -> In v V -> In v all_vertices.
Proof. intros hp hv. apply in_flat_map. now exists (p, V). Qed.
Lemma all_rows_linear : Forall (linear_on n) all_rows.
Proof.
  apply Forall_forall. intros g hg. apply in_flat_map in hg. destruct hg as [c [_ hg]]. assert (h := rows_linear (fst c)).
  rewrite Forall_forall in h. now apply h.
Qed.
Lemma all_vertices_length : Forall (fun v => length v = n) all_vertices.
Proof.
  apply Forall_forall. intros v hv. apply in_flat_map in hv. destruct hv as [[p V] [hc hv]]. assert (h := lengths _ _ _ (cells_complete p V hc)).
  rewrite Forall_forall in h. now apply h.
Qed.
Lemma pairs_linear x : Forall (linear_on n) (pairs_of x).
Proof.
  apply Forall_forall. intros f hf. apply in_map_iff in hf. destruct hf as [[g g'] [<- hg]]. apply in_prod_iff in hg.
  assert (h := all_rows_linear). rewrite Forall_forall in h. apply linear_mixed; now apply h.
Qed.

(** Two rows of a cell, one of which is on a vertex, are not 0 at once on a segment between points chosen well. *)
Lemma not_two p V x y s i j : In (p, V) cells ->
  (forall f w, In f all_rows -> In w all_vertices -> f w <> 0 -> f x <> 0) ->
  (forall f w, In f (pairs_of x) -> In w all_vertices -> f w <> 0 -> f y <> 0) ->
  (i < length (rows_of p))%nat -> (j < length (rows_of p))%nat -> i <> j -> Exists (fun v => at_ (rows_of p) i v = 0) V ->
  later x y (at_ (rows_of p) i) s = 0 -> later x y (at_ (rows_of p) j) s <> 0.
Proof.
  intros hc hx hy hi hj hne hv hzi hzj. assert (hP := cells_complete p V hc).
  assert (gi : In (at_ (rows_of p) i) (rows_of p)) by now apply nth_In.
  assert (gj : In (at_ (rows_of p) j) (rows_of p)) by now apply nth_In.
  assert (hw : exists w, In w V /\ at_ (rows_of p) i w = 0 /\ at_ (rows_of p) j w <> 0).
  { apply Exists_exists in hv. destruct hv as [v [hv hz]]. assert (hcs := corners _ _ _ hP). rewrite Forall_forall in hcs.
    destruct (hcs v hv) as [on [_ [_ [hon [hedge _]]]]]. destruct (decided F (at_ (rows_of p) j v)) as [e|e]; [|now exists v].
    destruct (hedge j) as [w [hwV [hwj hwo]]]; [apply hon; now split|]. exists w. split; [exact hwV|]. split; [|exact hwj].
    apply hwo; [apply hon; now split | exact hne]. }
  destruct hw as [w [hwV [hwi hwj]]].
  assert (hix : at_ (rows_of p) i x <> 0).
  { assert (hl := all_live _ _ _ hP). rewrite Forall_forall in hl. specialize (hl _ gi). apply Exists_exists in hl. destruct hl as [u [hu hn]].
    apply (hx _ u); [now apply in_all_rows with p V | now apply in_all_vertices with p V | exact hn]. }
  set (g := at_ (rows_of p) i) in *. set (g' := at_ (rows_of p) j) in *. set (f := fun z => g x * g' z + - g' x * g z).
  assert (hf : f y <> 0).
  { apply (hy f w).
    - apply in_map_iff. exists (g, g'). split; [reflexivity|]. apply in_prod; now apply in_all_rows with p V.
    - now apply in_all_vertices with p V.
    - unfold f. rewrite hwi. replace (g x * g' w + - g' x * 0) with (g x * g' w) by ring. now apply neq_mul. }
  apply hf. apply (integral s).
  - unfold later, slope in hzi, hzj. unfold f. transitivity (g x * (g' x + s * (g' y - g' x)) - g' x * (g x + s * (g y - g x))); [ring|].
    rewrite hzi, hzj. ring.
  - intros ->. apply hix. transitivity (later x y g 0); [unfold later; ring | exact hzi].
Qed.

Lemma all_but_one {A} (P : A -> Prop) d l1 a l2 :
  (forall j, (j < length (l1 ++ a :: l2))%nat -> j <> length l1 -> P (nth j (l1 ++ a :: l2) d)) -> Forall P l1 /\ Forall P l2.
Proof.
  intros h. split; apply Forall_forall; intros b hb; apply (In_nth _ _ d) in hb; destruct hb as [j [hj <-]].
  - rewrite <- (app_nth1 l1 (a :: l2) d hj). apply h; rewrite ?app_length; lia.
  - specialize (h (length l1 + S j)%nat). rewrite app_nth2_plus in h. simpl in h. apply h; rewrite ?app_length; simpl; lia.
Qed.

Section Step.
Variable q : pattern.
Hypothesis longer_first : forall r b y, (exists e, listed (e ++ r ++ b :: q)) -> length y = n -> strictly (rows_of (r ++ b :: q)) y ->
  within (r ++ b :: q) y.

Lemma strict_in_cone rows (y : vector) : strictly rows y -> in_cone rows y.
Proof. apply Forall_impl. now intros g [h _]. Qed.

(** Behind a facet of a cell there is a cell. *)
Lemma behind r b r1 V x y s : In (r ++ b :: r1 ++ q, V) cells -> length x = n -> length y = n -> nonneg s -> pos (1 - s) ->
  strictly (rows_of q) x -> strictly (rows_of q) y ->
  in_cone (rows_of (r ++ b :: r1 ++ q)) (along x y s) ->
  later x y (fun z => side b (form (r1 ++ q) z)) s = 0 -> pos (- side b (form (r1 ++ q) y)) ->
  Exists (fun v => form (r1 ++ q) v = 0) V ->
  (forall j, (j < length (rows_of (r ++ b :: r1 ++ q)))%nat -> j <> length r -> later x y (at_ (rows_of (r ++ b :: r1 ++ q)) j) s <> 0) ->
  exists s', pos (s' - s) /\ nonneg (1 - s') /\ within q (along x y s').
Proof.
  intros hc hx hy hs0 hs1 hqx hqy hin hz hneg hv hothers. set (q' := r1 ++ q) in *. set (g := fun z => side b (form q' z)) in *.
  assert (hg : linear_on n g) by (unfold g; destruct b; simpl; [apply form_linear | apply linear_neg, form_linear]).
  assert (hal : length (along x y s) = n) by (unfold along; rewrite length_comb; congruence).
  set (z := along x y s) in *. assert (hgz : g z = 0) by (unfold z; now rewrite (later_along n x y hx hy g s hg)).
  assert (hform : form q' z = 0).
  { unfold g in hgz. destruct b; simpl in hgz; [exact hgz|]. transitivity (- - form q' z); [ring | rewrite hgz; ring]. }
  assert (hlin := rows_linear (r ++ b :: q')). rewrite Forall_forall in hlin.
  assert (hstrict : forall j, (j < length (rows_of (r ++ b :: q')))%nat -> j <> length r -> pos (nth j (rows_of (r ++ b :: q')) (fun _ => 0) z)).
  { intros j hj hne. split; [now apply (at_nonneg (rows_of (r ++ b :: q')) j z)|]. specialize (hothers j hj hne).
    rewrite <- (later_along n x y hx hy (at_ (rows_of (r ++ b :: q')) j) s) in hothers; [exact hothers|]. apply hlin. now apply nth_In. }
  rewrite rows_at in hstrict. rewrite <- (length_signed_on r (b :: q')) in hstrict.
  destruct (all_but_one (fun g : row => pos (g z)) _ _ _ _ hstrict) as [hrz hqz].
  assert (hag : agrees (r ++ b :: q') z).
  { apply agrees_signed; [exact hal|]. unfold rows_of in hin. apply Forall_app in hin. apply hin. }
  destruct (both_sides r b q' z hal hag hform) as [_ hflip]. specialize (hflip hrz).
  set (keep := signed_on r (negb b :: q') ++ rows_of q').
  assert (hk : strictly keep z) by (apply Forall_app; split; assumption).
  assert (hkl : Forall (linear_on n) keep) by (apply Forall_app; split; [apply signed_linear | apply rows_linear]).
  destruct (small (fun f : row => later x y f s) (slope x y) keep) as [e [he hsoon]].
  { unfold strictly in hk. rewrite Forall_forall in hk, hkl |- *. intros f hf. rewrite <- (later_along n x y hx hy f s) by auto. now apply hk. }
  assert (hd : exists d, pos d /\ nonneg (e - d) /\ nonneg (1 - s - d)).
  { destruct (before_or e (1 - s)) as [a|a].
    - exists e. split; [exact he|]. split; [replace (e - e) with (0 : K F) by ring; apply nonneg_0 | exact a].
    - exists (1 - s). split; [exact hs1|]. split; [apply a|]. replace (1 - s - (1 - s)) with (0 : K F) by ring. apply nonneg_0. }
  destruct hd as [d [hd0 [hd1 hd2]]]. exists (s + d). split; [now replace (s + d - s) with d by ring|].
  split; [now replace (1 - (s + d)) with (1 - s - d) by ring|]. set (z' := along x y (s + d)).
  assert (hal' : length z' = n) by (unfold z', along; rewrite length_comb; congruence).
  assert (hflipped : strictly (rows_of (r ++ negb b :: q')) z').
  { specialize (hsoon d hd0 hd1). assert (hkeep : strictly keep z').
    { unfold strictly. rewrite Forall_forall in hsoon, hkl |- *. intros f hf. unfold z'. rewrite (later_along n x y hx hy f) by auto.
      rewrite (later_more x y f s (s + d)). replace (s + d - s) with d by ring. now apply hsoon. }
    rewrite rows_at. apply Forall_app in hkeep. destruct hkeep as [h1 h2]. apply Forall_app. split; [exact h1|]. constructor; [|exact h2].
    rewrite side_negb. fold (g z'). unfold z'. rewrite (later_along n x y hx hy g) by exact hg. apply pos_divide with (1 - s); [|exact hs1].
    replace ((1 - s) * - later x y g (s + d)) with (d * - g y + - (1 - s - d) * later x y g s) by (unfold later, slope; ring).
    rewrite hz. replace (d * - g y + - (1 - s - d) * 0) with (d * - g y) by ring. now apply pos_mul. }
  destruct (crossing r b q' V hc hv) as [p' [hp' [[e' he']|[e' he']]]].
  - (* a listed pattern begins the one behind *)
    assert (hq' : exists e1, p' = e1 ++ negb b :: q').
    { symmetry in he'. apply app_eq_app in he'. destruct he' as [l [[h1 h2]|[h1 h2]]]; [|now exists l].
      destruct l as [|c l]; [exists []; now rewrite h2|]. simpl in h2. injection h2 as _ h2. exfalso.
      assert (hl : r ++ b :: q' = (r ++ b :: l) ++ p') by (rewrite h2, <- app_assoc; reflexivity).
      assert (hnil : r ++ b :: l = []).
      { apply none_begins with p'; [exact hp'|]. exists V. now rewrite <- hl. }
      now destruct r. }
    destruct hq' as [e1 ->]. exists (e1 ++ negb b :: r1). rewrite <- app_assoc. simpl. fold q'. split; [exact hp'|].
    apply strict_in_cone. unfold strictly in hflipped |- *. rewrite Forall_forall in hflipped |- *. intros f hf. apply hflipped. rewrite he'.
    now apply rows_begun.
  - (* or the one behind begins a listed one *)
    assert (hlong : r ++ negb b :: q' = (r ++ negb b :: r1) ++ q) by (unfold q'; rewrite <- app_assoc; reflexivity).
    assert (hw : within (r ++ negb b :: q') z').
    { rewrite hlong in he', hflipped |- *. destruct (exists_last (l := r ++ negb b :: r1)) as [r2 [c hr2]]; [now destruct r|].
      rewrite hr2, <- app_assoc in *. simpl in *. apply longer_first; [exists e'; now rewrite <- he' | exact hal' | exact hflipped]. }
    destruct hw as [e2 [h1 h2]]. rewrite hlong, app_assoc in h1, h2. exists (e2 ++ r ++ negb b :: r1). now split.
Qed.

Lemma step y : (exists e, listed (e ++ q)) -> length y = n -> strictly (rows_of q) y -> within q y.
Proof.
  intros [e0 [V0 h0]] hy hqy. destruct (cells_under q) as [under hunder].
  destruct (in_some_or under y) as [h|[walls [hwl [hws hwo]]]].
  { apply Exists_exists in h. destruct h as [p [hp hin]]. apply hunder in hp. destruct hp as [hl [e ->]]. now exists e. }
  exfalso. set (p0 := e0 ++ q) in *. destruct (interior n (rows_of p0) V0 (cells_complete _ _ h0)) as [x0 [hx0 hs0]].
  destruct (perturbed n all_rows all_vertices all_rows_linear all_vertices_length (rows_of p0) x0 (rows_linear p0) hx0 hs0)
    as [x [hx [hpx hgx]]].
  assert (hboth : Forall (linear_on n) (walls ++ rows_of q)) by (apply Forall_app; split; [exact hwl | apply rows_linear]).
  destruct (perturbed n (pairs_of x) all_vertices (pairs_linear x) all_vertices_length (walls ++ rows_of q) y hboth hy) as [y1 [hy1 [hs1 hgy]]].
  { apply Forall_app. now split. }
  apply Forall_app in hs1. destruct hs1 as [hw1 hq1]. specialize (hwo y1 hw1).
  assert (hqx : strictly (rows_of q) x).
  { unfold strictly in *. rewrite Forall_forall in hpx |- *. intros g hg. apply hpx. now apply rows_begun. }
  assert (hval : forall p s, in_cone (rows_of p) (along x y1 s) <-> inside x y1 (rows_of p) s).
  { intros p s. assert (hl := rows_linear p). unfold in_cone, inside. rewrite !Forall_forall. rewrite Forall_forall in hl.
    split; intros h g hg; specialize (h g hg); rewrite (later_along n x y1 hx hy1 g s) in * by auto; exact h. }
  assert (h01 : nonneg (1 - 0 : K F)) by (replace (1 - 0 : K F) with (1 : K F) by ring; apply pos_nonneg, pos_1).
  destruct (last_in_cones x y1 (map rows_of under) 0 nonneg_0 h01) as [s [rows [hs [hs' [hr [hin hout]]]]]].
  { apply Exists_exists. exists (rows_of p0). split; [apply in_map, hunder; split; [now exists V0 | now exists e0]|].
    unfold inside. apply strict_in_cone in hpx. unfold in_cone in hpx. rewrite Forall_forall in hpx |- *. intros g hg.
    replace (later x y1 g 0) with (g x) by (unfold later; ring). now apply hpx. }
  apply in_map_iff in hr. destruct hr as [p [<- hp]]. assert (hpu := hp). apply hunder in hp. destruct hp as [[V hV] [e he]].
  assert (hs1 : pos (1 - s)).
  { split; [exact hs'|]. intros hz. assert (e1 : s = 1) by (transitivity (1 - (1 - s)); [ring | rewrite hz; ring]).
    rewrite Forall_forall in hwo. apply (hwo p hpu). unfold in_cone. unfold inside in hin. rewrite Forall_forall in hin |- *. intros g hg.
    replace (g y1) with (later x y1 g s) by (rewrite e1; unfold later, slope; ring). now apply hin. }
  assert (hout' : forall s', pos (s' - s) -> nonneg (1 - s') -> outside x y1 (rows_of p) s').
  { intros s' h1 h2. specialize (hout s' h1 h2). rewrite Forall_forall in hout. apply hout. now apply in_map. }
  destruct (leaving x y1 (rows_of p) s hin hs1 hout') as [g [hg [hgz hgn]]].
  assert (hbetween : forall g, In g (rows_of q) -> later x y1 g s <> 0).
  { intros f hf. unfold strictly in hqx, hq1. rewrite Forall_forall in hqx, hq1. apply (between x y1 f s); auto. }
  (* the row is beyond q *)
  assert (hsplit : exists r b q', p = r ++ b :: q' /\ g = (fun z => side b (form q' z))).
  { apply in_app_or in hg. destruct hg as [hg|hg]; [|exfalso; apply (hbetween g); [apply in_or_app; now right | exact hgz]].
    clear -hg. unfold signed in hg. induction p as [|b p IH]; [easy|]. simpl in hg. rewrite app_nil_r in hg. destruct hg as [<-|hg].
    - now exists [], b, p.
    - destruct (IH hg) as [r [c [q' [-> h]]]]. now exists (b :: r), c, q'. }
  destruct hsplit as [r [b [q' [hpr hgf]]]].
  assert (hq' : exists r1, q' = r1 ++ q).
  { rewrite he in hpr. apply app_eq_app in hpr. destruct hpr as [l [[h1 h2]|[h1 h2]]].
    - destruct l as [|c l]; simpl in h2.
      + exfalso. apply (hbetween g); [|exact hgz]. rewrite <- h2, hgf. apply in_or_app. left. unfold signed. simpl. left. now rewrite app_nil_r.
      + injection h2 as _ h2. now exists l.
    - exfalso. apply (hbetween g); [|exact hgz]. rewrite h2, hgf. change (l ++ b :: q') with (l ++ [b] ++ q'). unfold rows_of. rewrite signed_app.
      apply in_or_app. left. apply in_or_app. right. unfold signed. simpl. left. now rewrite app_nil_r. }
  destruct hq' as [r1 ->]. clear he. subst p. assert (hinc := proj2 (hval _ s) hin).
  assert (hlr : (length r < length (rows_of (r ++ b :: r1 ++ q)))%nat).
  { rewrite rows_at, app_length, length_signed_on. simpl. lia. }
  assert (hat : at_ (rows_of (r ++ b :: r1 ++ q)) (length r) = g).
  { unfold at_. rewrite rows_at. rewrite app_nth2 by (rewrite length_signed_on; lia). rewrite length_signed_on, Nat.sub_diag. simpl. now rewrite hgf. }
  assert (hP := cells_complete _ _ hV). assert (hal : length (along x y1 s) = n) by (unfold along; rewrite length_comb; congruence).
  assert (hsome : Exists (fun v => at_ (rows_of (r ++ b :: r1 ++ q)) (length r) v = 0) V).
  { apply (somewhere_on n _ V hP (length r) (along x y1 s) hal hinc).
    - assert (ht : exists t, In t domain_rows) by (clear -some_domain_row; destruct domain_rows as [|t rest]; [easy | exists t; now left]).
      destruct ht as [t ht]. apply Exists_exists. exists t. assert (htq : In t (rows_of q)) by (apply in_or_app; now right).
      split; [rewrite rows_at; apply in_or_app; right; right; now apply rows_begun|]. rewrite (later_along n x y1 hx hy1 t s); [now apply hbetween|].
      assert (hl := rows_linear q). rewrite Forall_forall in hl. now apply hl.
    - rewrite hat, (later_along n x y1 hx hy1 g s); [exact hgz|]. assert (hl := rows_linear (r ++ b :: r1 ++ q)). rewrite Forall_forall in hl.
      now apply hl. }
  destruct (behind r b r1 V x y1 s) as [s' [hp1 [hp2 [e2 [hl hw]]]]]; auto.
  - now rewrite hgf in hgz.
  - now rewrite hgf in hgn.
  - rewrite Exists_exists in hsome |- *. destruct hsome as [v [hv hz]]. exists v. split; [exact hv|]. rewrite hat, hgf in hz.
    destruct b; simpl in hz; [exact hz|]. transitivity (- - form (r1 ++ q) v); [ring | rewrite hz; ring].
  - intros j hj hne. apply (not_two _ V x y1 s (length r) j); auto. now rewrite hat.
  - specialize (hout s' hp1 hp2). rewrite Forall_forall in hout. apply (not_both x y1 (rows_of (e2 ++ q)) s').
    + now apply hval.
    + apply hout, in_map, hunder. split; [exact hl | now exists e2].
Qed.
End Step.

(** The points inside of the domain that have the signs q are in the cells whose patterns begin with q. *)
Lemma all_within m : forall q, (forall e, listed (e ++ q) -> (length e <= m)%nat) ->
  forall y, (exists e, listed (e ++ q)) -> length y = n -> strictly (rows_of q) y -> within q y.
Proof.
  assert (move : forall (e r : pattern) b q, e ++ r ++ b :: q = (e ++ r ++ [b]) ++ q) by (intros; now rewrite <- !app_assoc).
  induction m as [|m IH]; intros q hm y he hy hs; apply step; auto; intros r b y' hl.
  - exfalso. destruct hl as [e hl]. rewrite move in hl. apply hm in hl. rewrite !app_length in hl. simpl in hl. lia.
  - apply IH; [|exact hl]. intros e hl'. rewrite move in hl'. apply hm in hl'. rewrite !app_length in hl'. simpl in hl'. lia.
Qed.

Theorem covered y : cells <> [] -> length y = n -> in_cone domain_rows y -> exists p, listed p /\ in_cone (rows_of p) y.
Proof.
  intros hne hy hin. destruct (in_some_or (map fst cells) y) as [h|[walls [h1 [h2 h3]]]].
  { apply Exists_exists in h. destruct h as [p [hp h]]. apply in_map_iff in hp. destruct hp as [[p' V] [<- hp]]. exists p'. split; [now exists V | exact h]. }
  exfalso. assert (h0 : exists p V, In (p, V) cells) by (destruct cells as [|[p V] l]; [easy|]; exists p, V; now left).
  destruct h0 as [p [V hV]]. destruct (interior n (rows_of p) V (cells_complete _ _ hV)) as [x [hx hs]].
  destruct (near n walls y x h1 hy hx h2) as [d [hd hsoon]]. set (y' := comb 1 y d x).
  assert (hy' : length y' = n) by (unfold y'; rewrite length_comb; congruence).
  assert (hbig : exists m, forall c, In c cells -> (length (fst c) <= m)%nat).
  { clear. induction cells as [|c l [m h]]; [exists 0%nat; easy|]. exists (Nat.max (length (fst c)) m). intros c' [<-|hc]; [lia|].
    specialize (h c' hc). lia. }
  destruct hbig as [m hm]. destruct (all_within m [] (fun e hl => ltac:(destruct hl as [W hW]; apply hm in hW; simpl in hW; rewrite app_nil_r in hW; exact hW)) y')
    as [e [[W hW] hl]].
  - exists p, V. now rewrite app_nil_r.
  - exact hy'.
  - unfold rows_of, signed. simpl. unfold strictly, in_cone in *. rewrite Forall_forall in *. intros g hg. unfold y'.
    rewrite (domain_linear g hg) by assumption. replace (1 * g y + d * g x) with (g y + d * g x) by ring.
    apply pos_add_r; [now apply hin|]. apply pos_mul; [exact hd|]. apply hs. apply in_or_app. now right.
  - rewrite app_nil_r in hW, hl. assert (hws : strictly walls y').
    { apply hsoon; [exact hd|]. replace (d - d) with (0 : K F) by ring. apply nonneg_0. }
    specialize (h3 y' hws). rewrite Forall_forall in h3. apply (h3 e); [|exact hl]. apply in_map_iff. now exists (e, W).
Qed.

End Cover.
